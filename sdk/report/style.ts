/** The style sheet of all pages and reports: light and dark, from a phone's width up, and on paper. */

/** u0 to u10: shades of which each is a doubling, in lightness too, so that the scale also reads without colours. */
const colours = `
:root { --bg: #f5f6f8; --surface: #fff; --ink: #12161d; --muted: #59626f; --line: #e1e5ea; --accent: #3b4fd8;
  --soft: #eceffd; --warn: #7a4b00; --warn-bg: #fff6e0; --warn-line: #f1d48f; --cold: #eef1fb; --hot: #2a35a8;
  --on-hot: #fff; --shadow: 0 1px 2px #0b12200f, 0 8px 24px -12px #0b122026;
  --good: #0f7a4d; --good-bg: #e8f7ef; --good-line: #b5e2ca; --bad: #8c1d2f; --bad-bg: #fdeef0; --bad-line: #f0c4cb;
  --wrong: #e0142f; --equal: #dde3ea; --u0: #d9e8fb; --u1: #c1d5f4; --u2: #abc2ee; --u3: #99aee7; --u4: #8c99df;
  --u5: #8282d5; --u6: #7c6bc9; --u7: #7752bb; --u8: #723ba3; --u9: #6b238a; --u10: #630170 }
@media (prefers-color-scheme: dark) {
:root { --bg: #0d1016; --surface: #161a22; --ink: #eceff4; --muted: #9aa5b5; --line: #272d38; --accent: #9aa8ff;
  --soft: #1f2440; --warn: #ffd98a; --warn-bg: #2a2110; --warn-line: #574318; --cold: #1b2029; --hot: #8e9bff;
  --on-hot: #0b0e1a; --shadow: none;
  --good: #6fdca8; --good-bg: #10261c; --good-line: #235a40; --bad: #ffb3be; --bad-bg: #2b141a; --bad-line: #5a2833;
  --wrong: #ff4b5c; --equal: #2a323e; --u0: #2c3648; --u1: #36435f; --u2: #445078; --u3: #555c90; --u4: #6a67a9;
  --u5: #8272c0; --u6: #9d7cd6; --u7: #bb85e8; --u8: #d694ee; --u9: #f0a3f3; --u10: #ffb3f6 }
}
${Array.from({ length: 11 }, (_, i) => `.u${i}{--c:var(--u${i})}`).join("")}
.e { --c: var(--equal) }
.x { --c: var(--wrong) }
`;

/** Classes of lengths and shares in percent: the policy of a page may forbid styles of single elements. */
const steps = Array.from({ length: 101 }, (_, i) => `.s${i}{--s:${i}%}`).join("");

const frame = `
* { box-sizing: border-box }
html { scroll-behavior: smooth }
body { margin: 0; background: var(--bg); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1, h2, h3, h4, p, figure, dl, dd, ol, ul { margin: 0 }
ol, ul { padding: 0; list-style: none }
h1 { font-size: clamp(1.75rem, 4.5vw, 2.5rem); line-height: 1.15; letter-spacing: -.025em }
h2 { margin-top: clamp(40px, 6vw, 64px); font-size: 1.375rem; letter-spacing: -.015em }
h2:focus { outline: none }
h3 { font-size: 1.0625rem; overflow-wrap: anywhere }
h4 { font-size: .9375rem; font-weight: 600 }
small { font-size: .8125rem; font-weight: 400; color: var(--muted) }
code { font-family: ui-monospace, SFMono-Regular, Menlo, monospace }
dt { color: var(--muted); font-size: .8125rem }
dd { font-weight: 600; font-size: 1.0625rem; overflow-wrap: anywhere }
dd small { display: block; margin-top: 2px; line-height: 1.4 }
summary { cursor: pointer; border-radius: 8px }
[hidden] { display: none !important }
.top, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 clamp(16px, 4vw, 40px) }
.top { padding-top: clamp(28px, 5vw, 56px) }
.brand { display: flex; gap: 16px; align-items: center }
.logo { width: 56px; height: 56px; flex: none }
.logo rect { fill: var(--accent) }
.logo path { stroke: var(--bg); stroke-width: 2.6; stroke-linecap: round; fill: none }
.eyebrow { color: var(--muted); font-size: .8125rem; letter-spacing: .02em }
.lead { margin-top: 16px; max-width: 62ch; color: var(--muted); font-size: 1.0625rem }
.hint { margin: 4px 0 20px; max-width: 68ch; color: var(--muted) }
footer { padding-block: 48px; color: var(--muted); font-size: .8125rem }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.skip { position: absolute; left: -999px }
.skip:focus { left: 16px; top: 12px; z-index: 1; padding: 8px 14px; border-radius: 8px; background: var(--surface);
  color: var(--ink) }
.panel, .map, .card { min-width: 0; border: 1px solid var(--line); border-radius: 16px; background: var(--surface);
  box-shadow: var(--shadow) }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 1px;
  margin-top: 28px; border: 1px solid var(--line); border-radius: 16px; overflow: hidden; background: var(--line);
  box-shadow: var(--shadow) }
.facts > div { min-width: 0; padding: 16px 20px; background: var(--surface) }
.facts dd, .map small, .wrongs small { font-variant-numeric: tabular-nums }
.notice, .problem, .problems { margin-top: 16px; padding: 14px 20px; border: 1px solid var(--warn-line);
  border-radius: 16px; background: var(--warn-bg); color: var(--warn); font-size: .9375rem; overflow-wrap: anywhere }
.notice strong { display: block }
.problem, .problems { border-color: var(--bad-line); background: var(--bad-bg); color: var(--bad) }
.problems h3 { font-size: inherit }
.problems ul { margin-top: 4px; padding-left: 20px; list-style: disc }
.scroll { position: relative; overflow-x: auto; border-radius: 5px }
a:focus-visible, button:focus-visible, textarea:focus-visible, [type="text"]:focus-visible, summary:focus-visible,
.scroll:focus-visible, .choice :focus-visible + span, #files:focus-visible + .drop {
  outline: 2px solid var(--accent); outline-offset: 2px }
`;

const controls = `
.bar { display: flex; flex-wrap: wrap; gap: 12px 24px; align-items: end; justify-content: space-between }
.bar + div .facts { margin-top: 16px }
.choice { display: flex; padding: 3px; border: 1px solid var(--line); border-radius: 12px; background: var(--surface) }
.panel .choice { background: var(--bg) }
.choice label { position: relative; cursor: pointer }
.choice input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer }
.choice span { display: block; padding: 7px 14px; border-radius: 9px; font-size: .875rem; color: var(--muted) }
.choice :checked + span { background: var(--soft); color: var(--accent); font-weight: 600 }
.choices { display: flex; flex-wrap: wrap; gap: 16px clamp(20px, 4vw, 48px); min-width: 0; margin: 0; padding: 0;
  border: 0 }
.choices:disabled { opacity: .6 }
.choices:disabled input { cursor: default }
.label { display: block; margin-bottom: 6px; color: var(--muted); font-size: .8125rem }
.add { position: relative; display: grid; gap: 16px; margin-top: 16px }
.drop { display: grid; gap: 2px; place-items: center; padding: clamp(24px, 5vw, 44px) 16px; text-align: center;
  border: 2px dashed var(--line); border-radius: 16px; background: var(--surface); cursor: pointer }
.drop strong { color: var(--accent); font-size: 1.0625rem }
.drop:hover, .dragging .drop { border-color: var(--accent); background: var(--soft) }
.buttons { display: flex; flex-wrap: wrap; gap: 12px }
button { min-height: 44px; padding: 8px 18px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--surface); color: inherit; font: inherit; font-size: .9375rem; cursor: pointer }
button:hover:enabled { border-color: var(--accent) }
button:disabled { color: var(--muted); opacity: .6; cursor: default }
.primary { border-color: var(--accent); background: var(--accent); color: var(--bg); font-weight: 600 }
.small { flex: none; min-height: 36px; padding: 4px 12px; border-radius: 9px; font-size: .8125rem;
  color: var(--accent) }
[type="text"], textarea { width: 100%; padding: 10px 14px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--bg); color: inherit; font: .9375rem/1.4 ui-monospace, SFMono-Regular, Menlo, monospace }
[type="text"] { max-width: 480px }
.status, .live { display: grid; gap: 8px; min-width: 0; align-content: start; color: var(--muted); font-size: .875rem;
  font-variant-numeric: tabular-nums }
.status { min-height: 42px; margin-top: 12px }
.live [role="status"] { color: var(--ink); font-size: 1rem; font-weight: 600 }
progress { width: 100%; height: 6px; border: 0; border-radius: 3px; overflow: hidden; appearance: none;
  background: var(--line) }
progress::-webkit-progress-bar { background: var(--line) }
progress::-webkit-progress-value { background: var(--accent) }
progress::-moz-progress-bar { background: var(--accent) }
.start { display: grid; gap: 18px; margin-top: 28px; padding: clamp(16px, 2.6vw, 28px) }
.start .problem { margin-top: 0 }
.start .primary { min-width: 160px }
.start details .label { margin-top: 8px }
.current { min-height: 1.5em; overflow-wrap: anywhere }
.told, .reason, .drop span { color: var(--muted); font-size: .875rem }
.current:empty, .told:empty { display: none }
.take { display: grid; gap: 12px; margin-top: 20px }
`;

const images = `
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 20px }
.map { padding: clamp(12px, 2.2vw, 20px) }
.map figcaption { display: flex; justify-content: space-between; align-items: baseline; margin-bottom: 12px;
  font-weight: 600 }
.map table { width: 100%; border-collapse: separate; border-spacing: 2px }
.map th, .map td { min-width: 26px; padding: 0; text-align: center }
.map tbody th { width: clamp(30px, 9vw, 44px) }
.map tbody td { height: clamp(26px, 3.4vw, 40px); border-radius: 5px; font-size: clamp(.5625rem, 1.5vw, .75rem);
  font-variant-numeric: tabular-nums; background: color-mix(in oklab, var(--hot) var(--s), var(--cold)) }
.map .hot { color: var(--on-hot) }
.map .self { background: repeating-linear-gradient(135deg, var(--line) 0 2px, transparent 2px 6px) }
.thumb { display: block; width: 100%; aspect-ratio: 1; border-radius: 5px; background: var(--line) center/cover }
.cards { display: grid; gap: 20px; margin-top: 20px }
.card { display: grid; gap: 16px; padding: clamp(14px, 2.4vw, 24px); scroll-margin-top: 16px }
.card:target { border-color: var(--accent); box-shadow: 0 0 0 3px var(--soft) }
.card header { display: flex; gap: 8px 16px; justify-content: space-between; align-items: start }
.card header > div, .neighbours > div { min-width: 0 }
.card header p, .who p { color: var(--muted); font-size: .8125rem; font-variant-numeric: tabular-nums }
.pictures { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: clamp(6px, 1.2vw, 12px) }
.pictures > * > :first-child { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 10px;
  background: var(--line) }
.pictures figcaption { margin-top: 6px; color: var(--muted); font-size: .75rem; line-height: 1.3 }
.waiting .pictures figure { opacity: .6 }
.again { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; justify-content: end; margin-top: 8px;
  color: var(--muted); font-size: .8125rem; font-variant-numeric: tabular-nums }
.neighbours { display: grid; grid-template-columns: 1fr 1fr; gap: clamp(12px, 2.4vw, 24px); padding-top: 14px;
  border-top: 1px solid var(--line) }
.neighbours h4 { margin-bottom: 4px; color: var(--muted); font-size: .8125rem }
.neighbours a { display: flex; align-items: center; gap: 10px; margin: 0 -6px; padding: 4px 6px; border-radius: 8px;
  color: inherit; text-decoration: none; font-size: .875rem }
.neighbours a:hover { background: var(--soft) }
.neighbours .thumb { width: 32px; flex: none }
.neighbours .name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.neighbours .value { color: var(--muted); font-variant-numeric: tabular-nums }
`;

const suite = `
.report { overflow-wrap: anywhere }
.report code { font-size: .875rem }
.report .facts { margin-top: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 165px), 1fr)) }
.stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px }
.verdict { display: flex; gap: clamp(14px, 2.4vw, 24px); align-items: center; margin-top: 28px;
  padding: clamp(18px, 3vw, 32px); border: 1px solid var(--good-line); border-radius: 20px; background: var(--good-bg) }
.verdict h2 { margin: 0 0 4px; font-size: clamp(1.5rem, 4vw, 2.125rem); line-height: 1.2; letter-spacing: -.02em;
  color: var(--good) }
.verdict p { max-width: 72ch; color: var(--muted); font-size: .9375rem }
.verdict em { font-style: normal; font-weight: 600; color: var(--ink) }
.mark { width: clamp(44px, 7vw, 72px); flex: none; align-self: start }
.mark circle { fill: var(--good) }
.mark path { fill: none; stroke: var(--surface); stroke-width: 4.5; stroke-linecap: round; stroke-linejoin: round }
.fail { border-color: var(--bad-line); background: var(--bad-bg) }
.fail .mark circle { fill: var(--wrong) }
.bad, .fail h2 { color: var(--bad) }
.levels { width: 100%; border-spacing: 0; font-size: .9375rem; font-variant-numeric: tabular-nums }
.levels th, .levels td { padding: 14px 12px; border-top: 1px solid var(--line); text-align: right; font-weight: 400 }
.levels td[data-of], .badge { white-space: nowrap }
.levels thead th { padding-block: 12px 10px; border-top: 0; color: var(--muted); font-size: .8125rem }
.levels th:first-child { padding-left: 20px; text-align: left }
.levels tbody th { font-weight: 600 }
.levels th:nth-child(6), .levels .most { width: 38%; padding-left: 24px; text-align: left }
.levels th:last-child, .levels td:last-child { padding-right: 20px }
.none { color: var(--muted) }
.most b { display: inline-block; min-width: 4.5em; font-weight: 600 }
.most small { display: block; line-height: 1.35 }
.gauge { display: inline-block; width: min(180px, 50%); height: 6px; border-radius: 3px; overflow: hidden;
  vertical-align: middle; background: var(--line) }
.gauge i { display: block; width: var(--s); height: 100%; border-radius: 3px; background: var(--c) }
.badge { display: inline-block; min-width: 56px; padding: 3px 10px; border-radius: 99px; background: var(--line);
  color: var(--muted); text-align: center; font-size: .75rem; font-weight: 700; letter-spacing: .04em }
.PASS { background: var(--good-bg); color: var(--good); box-shadow: inset 0 0 0 1px var(--good-line) }
.FAIL { background: var(--bad-bg); color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad-line) }
.legend { display: flex; max-width: 560px; margin-bottom: 16px; font-size: .75rem; color: var(--muted) }
.legend li { flex: 1; min-width: 0 }
.legend i { display: block; height: 12px; background: var(--c) }
.legend span { display: block; margin-top: 4px; white-space: nowrap }
.legend .b { flex: 1.6 }
.legend .b i { border-radius: 4px }
.legend .b:first-child i { margin-right: 6px }
.legend .b:last-child > * { margin-left: 6px }
.legend .b0 i { border-radius: 4px 0 0 4px }
.legend .b10 i { border-radius: 0 4px 4px 0 }
.b1 span, .b2 span, .b3 span, .b5 span, .b6 span, .b8 span, .b9 span { visibility: hidden }
.kernel { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px 16px; border-top: 1px solid var(--line) }
.kernel .strip, .kernel .list { grid-column: 1/-1 }
.strip { display: flex; flex-wrap: wrap; gap: 2px; align-content: start }
.strip > * { width: 14px; height: 14px; border-radius: 3px; background: var(--c) }
.strip a:hover { outline: 2px solid var(--ink); outline-offset: 1px }
.strip .x { background: linear-gradient(45deg, transparent 44%, var(--surface) 44% 56%, transparent 56%),
  linear-gradient(-45deg, transparent 44%, var(--surface) 44% 56%, transparent 56%), var(--c) }
.bars, .axis { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 2px }
.bars span { display: flex; align-items: end; border-bottom: 1px solid var(--line) }
.bars i { flex: 1; height: var(--s); border-radius: 2px 2px 0 0; background: var(--c) }
.spark { width: 112px; height: 36px }
.tall { height: 132px; gap: 3px }
.tall i { border-radius: 4px 4px 0 0 }
.axis { gap: 3px; margin-top: 4px; color: var(--muted); text-align: center; font-size: .6875rem; white-space: nowrap }
.axis span:nth-child(3n+2), .axis span:nth-child(3n), .axis span:nth-child(10) { visibility: hidden }
.axis span:nth-child(11), .axis span:nth-child(12) { visibility: visible }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 20px }
.figures figure { display: grid; grid-template-rows: 1fr auto auto }
.figures figcaption { margin-bottom: 14px }
.figures small { display: block; font-variant-numeric: tabular-nums }
.figures figure, .cases > li { padding: 16px clamp(14px, 2vw, 20px) }
.kernel, .wrongs li, .about > div { padding: 12px clamp(14px, 2vw, 20px) }
.stack > .panel > h3, .stack > details { padding: 14px clamp(14px, 2vw, 20px) }
.stack > details ul { margin-top: 8px; padding-left: 16px }
.list > summary { display: inline-block; padding: 2px 10px 2px 0; color: var(--accent); font-size: .8125rem }
.list > summary::marker { content: "" }
.list > summary::-webkit-details-marker { display: none }
.list > summary::before { content: ""; display: inline-block; margin-right: 7px; border: solid transparent;
  border-width: 4px 0 4px 6px; border-left-color: currentColor }
.list[open] > summary::before { transform: rotate(90deg) }
section:not(.start) > .list { margin-top: 12px }
.list .scroll { max-height: 70vh; margin-top: 8px; border: 1px solid var(--line); border-radius: 10px }
.list table { width: 100%; min-width: 640px; border-collapse: collapse; font-size: .8125rem;
  font-variant-numeric: tabular-nums }
.list th, .list td { padding: 6px 10px; border-top: 1px solid var(--line); text-align: right; font-weight: 400;
  white-space: nowrap }
.list thead th { position: sticky; top: 0; z-index: 1; border: 0; background: var(--bg); color: var(--muted) }
.list th:first-child { min-width: 180px; text-align: left; white-space: normal }
.list tr { scroll-margin: 40vh 0 }
.list tr:target { background: var(--soft) }
.list th small { display: block }
.list .wrongs { margin-top: 8px }
.key { display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 3px; background: var(--c) }
.cases { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px }
.cases > li { display: grid; gap: 10px; align-content: start }
.cases .gauge { width: 100% }
.case { display: flex; gap: 4px 16px; justify-content: space-between; align-items: start }
.case code { min-width: 0; padding-top: 3px }
.use { flex: none; color: var(--muted); font-size: .8125rem; font-variant-numeric: tabular-nums }
.use b { font-size: 1.25rem; color: var(--ink); letter-spacing: -.01em }
.detail { display: flex; gap: 16px; align-items: end }
.numbers { flex: 1; display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 8px 12px }
.numbers dt { font-size: .75rem }
.numbers dd { font-size: .875rem; font-weight: 500; font-variant-numeric: tabular-nums }
.wrongs { display: grid; gap: 1px; border: 1px solid var(--bad-line); border-radius: 16px; overflow: hidden;
  background: var(--bad-line) }
.wrongs li { background: var(--surface) }
.wrongs p { color: var(--bad); font-size: .9375rem }
.about > div { display: grid; grid-template-columns: minmax(120px, 220px) minmax(0, 1fr); gap: 2px 20px;
  border-top: 1px solid var(--line) }
.about > div:first-child { border-top: 0 }
.about dt { padding-top: 2px }
.about dt::first-letter { text-transform: uppercase }
.about dd { font-size: .9375rem; font-weight: 400 }
`;

const widths = `
@media (min-width: 1000px) {
.card { grid-template-columns: minmax(0, 1fr) 300px; column-gap: 28px }
.card header { grid-column: 1/-1 }
.neighbours { grid-template-columns: 1fr; align-content: space-between; padding: 0 0 0 28px; border-top: 0;
  border-left: 1px solid var(--line) }
}
@media (min-width: 900px) {
.kernel { grid-template-columns: 190px minmax(0, 1fr) 112px; row-gap: 6px; align-items: start }
.who { grid-row: 1/3 }
.kernel .spark { grid-area: 1/3/3 }
.kernel .strip { grid-area: 1/2; padding-top: 5px }
.kernel .list { grid-area: 2/2 }
.kernel .list[open] { grid-area: 3/1/4/4 }
}
@media (max-width: 760px) {
.levels, .levels tbody, .levels td, .levels tbody th { display: block }
.levels thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.levels tr { display: grid; grid-template-columns: repeat(4, auto) 1fr; gap: 4px 14px; padding: 14px;
  border-top: 1px solid var(--line) }
.levels tr:first-child { border-top: 0 }
.levels tbody th, .levels tbody td { width: auto !important; padding: 0 !important; border: 0;
  text-align: left !important }
.levels tbody th { grid-column: 1/5; align-self: center }
.levels td[data-of]::before { content: attr(data-of); display: block; font-size: .75rem; color: var(--muted) }
.levels .result { grid-area: 1/5; justify-self: end }
.levels .most { grid-column: 1/-1; margin-top: 4px }
}
@media (max-width: 460px) {
.neighbours, .about > div { grid-template-columns: minmax(0, 1fr) }
.choice, .pick { width: 100% }
.choice label { flex: 1; text-align: center }
.choice span { padding-inline: 6px }
.buttons button { flex: auto; white-space: nowrap }
.strip > * { width: 15px; height: 15px }
.case { flex-direction: column }
.detail .spark { display: none }
}
@media (prefers-reduced-motion: no-preference) {
.card, .drop { transition: border-color .2s, background-color .2s }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
@media print {
:root { color-scheme: light }
.card, .map, .panel, .kernel, .wrongs li { break-inside: avoid; box-shadow: none }
.start, .take, .skip, .list > summary { display: none }
.list .scroll { max-height: none }
.strip > *, .bars i, .gauge i, .legend i, .badge, .verdict, .map td { print-color-adjust: exact;
  -webkit-print-color-adjust: exact }
}
`;

export const style = `${colours}${steps}${frame}${controls}${images}${suite}${widths}`;
