/** The report's style sheet: light and dark, from a phone's width up. */

/** What all reports share: colours, type, the page's frame, facts and notices. */
export const base = `
:root{--bg:#f5f6f8;--surface:#fff;--ink:#12161d;--muted:#59626f;--line:#e1e5ea;--accent:#3b4fd8;--soft:#eceffd;
--warn:#7a4b00;--warn-bg:#fff6e0;--warn-line:#f1d48f;--cold:#eef1fb;--hot:#2a35a8;--on-hot:#fff;--shadow:0 1px 2px #0b12200f,0 8px 24px -12px #0b122026}
@media (prefers-color-scheme:dark){:root{--bg:#0d1016;--surface:#161a22;--ink:#eceff4;--muted:#9aa5b5;--line:#272d38;--accent:#9aa8ff;--soft:#1f2440;
--warn:#ffd98a;--warn-bg:#2a2110;--warn-line:#574318;--cold:#1b2029;--hot:#8e9bff;--on-hot:#0b0e1a;--shadow:none}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
.top,main,footer{max-width:1240px;margin:0 auto;padding:0 clamp(16px,4vw,40px)}
.top{padding-top:clamp(28px,5vw,56px)}
.brand{display:flex;gap:16px;align-items:center}
.logo{width:56px;height:56px;flex:none}
.logo rect{fill:var(--accent)}
.logo path{stroke:var(--bg);stroke-width:2.6;stroke-linecap:round;fill:none}
h1,h2,h3,h4,p,figure,dl,dd,ol{margin:0}
.eyebrow{color:var(--muted);font-size:.8125rem;letter-spacing:.02em}
h1{font-size:clamp(1.75rem,4.5vw,2.5rem);line-height:1.15;letter-spacing:-.025em}
.lead{margin-top:16px;max-width:62ch;color:var(--muted);font-size:1.0625rem}
h2{font-size:1.375rem;letter-spacing:-.015em;margin-top:clamp(40px,6vw,64px)}
.hint{color:var(--muted);max-width:68ch;margin:4px 0 20px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,240px),1fr));gap:1px;margin-top:28px;background:var(--line);border:1px solid var(--line);border-radius:16px;overflow:hidden;box-shadow:var(--shadow)}
.facts>div{background:var(--surface);padding:16px 20px;min-width:0}
dt{color:var(--muted);font-size:.8125rem}
dd{font-weight:600;font-size:1.0625rem;overflow-wrap:anywhere}
dd small{display:block;font-weight:400;font-size:.8125rem;color:var(--muted);line-height:1.4;margin-top:2px}
.notice{margin-top:16px;padding:14px 20px;border:1px solid var(--warn-line);background:var(--warn-bg);color:var(--warn);border-radius:16px;font-size:.9375rem}
.notice strong{display:block}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:12px;padding:8px 14px;background:var(--surface);color:var(--ink);border-radius:8px;z-index:1}
footer{padding-block:48px;color:var(--muted);font-size:.8125rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace}
`;

export const style = `${base}.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:20px}
.map,.card{background:var(--surface);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);min-width:0}
.map{padding:clamp(12px,2.2vw,20px)}
.map figcaption{font-weight:600;display:flex;justify-content:space-between;align-items:baseline;margin-bottom:12px}
.map small{font-weight:400;color:var(--muted);font-variant-numeric:tabular-nums}
table{width:100%;table-layout:fixed;border-collapse:separate;border-spacing:2px}
th,td{padding:0;text-align:center;font-weight:400}
tbody td{height:clamp(26px,3.4vw,40px);border-radius:5px;font-size:clamp(.5625rem,1.5vw,.75rem);font-variant-numeric:tabular-nums;background:color-mix(in oklab,var(--hot) var(--v),var(--cold))}
td.hot{color:var(--on-hot)}
td.self{background:repeating-linear-gradient(135deg,var(--line) 0 2px,transparent 2px 6px)}
.thumb{display:block;width:100%;aspect-ratio:1;background:var(--line) center/cover;border-radius:5px}
thead td,tbody th{width:clamp(30px,9vw,44px)}
thead td{height:0}
tbody th .name{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards{display:grid;gap:20px;margin-top:20px}
.card{padding:clamp(14px,2.4vw,24px);scroll-margin-top:16px;display:grid;gap:16px;transition:border-color .2s}
.card:target{border-color:var(--accent);box-shadow:0 0 0 3px var(--soft)}
h3{font-size:1.0625rem;overflow-wrap:anywhere}
.card header p{color:var(--muted);font-size:.8125rem;font-variant-numeric:tabular-nums}
.pictures{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:clamp(6px,1.2vw,12px)}
.pictures img{display:block;width:100%;aspect-ratio:1;object-fit:cover;border-radius:10px;background:var(--line)}
.pictures figcaption{color:var(--muted);font-size:.75rem;margin-top:6px;line-height:1.3}
.neighbours{display:grid;grid-template-columns:1fr 1fr;gap:clamp(12px,2.4vw,24px);border-top:1px solid var(--line);padding-top:14px}
.neighbours>div{min-width:0}
h4{font-size:.8125rem;font-weight:600;color:var(--muted);margin-bottom:4px}
ol{list-style:none;padding:0}
li a{display:flex;align-items:center;gap:10px;padding:4px 6px;margin:0 -6px;border-radius:8px;color:inherit;text-decoration:none;font-size:.875rem}
li a:hover{background:var(--soft)}
li .thumb{width:32px;flex:none}
li .name{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.value{font-variant-numeric:tabular-nums;color:var(--muted)}
@media (max-width:460px){.neighbours{grid-template-columns:1fr}}
@media (min-width:1000px){.card{grid-template-columns:minmax(0,1fr) 300px;column-gap:28px}.card header{grid-column:1/-1}
.neighbours{grid-template-columns:1fr;border-top:0;padding-top:0;border-left:1px solid var(--line);padding-left:28px;align-content:space-between}}
@media print{.card,.map{break-inside:avoid;box-shadow:none}}
`;
