/** The style sheet of a conformance report: light and dark, from a phone's width up, and on paper. */

import { base } from "../../sdk/report/style.js";

/** A scale of shades in which each step is a doubling, in lightness too, so that it also reads without colours. */
const scale = `
:root{--u0:#d9e8fb;--u1:#c1d5f4;--u2:#abc2ee;--u3:#99aee7;--u4:#8c99df;--u5:#8282d5;--u6:#7c6bc9;--u7:#7752bb;--u8:#723ba3;--u9:#6b238a;--u10:#630170;
--equal:#dde3ea;--good:#0f7a4d;--good-bg:#e8f7ef;--good-line:#b5e2ca;--bad:#8c1d2f;--bad-bg:#fdeef0;--bad-line:#f0c4cb;--wrong:#e0142f}
@media (prefers-color-scheme:dark){:root{--u0:#2c3648;--u1:#36435f;--u2:#445078;--u3:#555c90;--u4:#6a67a9;--u5:#8272c0;--u6:#9d7cd6;--u7:#bb85e8;--u8:#d694ee;--u9:#f0a3f3;--u10:#ffb3f6;
--equal:#2a323e;--good:#6fdca8;--good-bg:#10261c;--good-line:#235a40;--bad:#ffb3be;--bad-bg:#2b141a;--bad-line:#5a2833;--wrong:#ff4b5c}}
${Array.from({ length: 11 }, (_, i) => `.u${i}{--c:var(--u${i})}`).join("")}.e{--c:var(--equal)}.x{--c:var(--wrong)}
${Array.from({ length: 21 }, (_, i) => `.s${i}{--s:${5 * i}%}`).join("")}
`;

const own = `
h3{font-size:1.0625rem}
h4{font-size:.9375rem;font-weight:600}
ol,ul{list-style:none;margin:0;padding:0}
small{font-size:.8125rem;color:var(--muted);font-weight:400}
.report{overflow-wrap:anywhere}
.levels td[data-of],.badge{white-space:nowrap}
.report code{font-size:.875rem}
.panel{background:var(--surface);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);min-width:0}
.stack{display:grid;grid-template-columns:minmax(0,1fr);gap:20px}
.verdict{display:flex;gap:clamp(14px,2.4vw,24px);align-items:center;margin-top:28px;padding:clamp(18px,3vw,32px);border:1px solid var(--good-line);border-radius:20px;background:var(--good-bg)}
.verdict h2{margin:0 0 4px;font-size:clamp(1.5rem,4vw,2.125rem);line-height:1.2;letter-spacing:-.02em;color:var(--good)}
.verdict p{color:var(--muted);max-width:72ch;font-size:.9375rem}
.verdict em{font-style:normal;font-weight:600;color:var(--ink)}
.mark{width:clamp(44px,7vw,72px);flex:none;align-self:start}
.mark circle{fill:var(--good)}
.mark path{fill:none;stroke:var(--surface);stroke-width:4.5;stroke-linecap:round;stroke-linejoin:round}
.fail{border-color:var(--bad-line);background:var(--bad-bg)}
.fail h2{color:var(--bad)}
.fail .mark circle{fill:var(--wrong)}
.report .facts{margin-top:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,165px),1fr))}
.facts dd{font-variant-numeric:tabular-nums}
.levels{width:100%;border-collapse:separate;border-spacing:0;font-size:.9375rem;font-variant-numeric:tabular-nums}
.levels th,.levels td{padding:14px 12px;text-align:right;vertical-align:middle;border-top:1px solid var(--line);font-weight:400}
.levels thead th{padding-block:12px 10px;border-top:0;color:var(--muted);font-size:.8125rem}
.levels th:first-child{text-align:left;padding-left:20px}
.levels tbody th{font-weight:600}
.levels th:nth-child(6),.levels .most{text-align:left;width:38%;padding-left:24px}
.levels th:last-child,.levels td:last-child{padding-right:20px}
.none{color:var(--muted)}
.most b{display:inline-block;min-width:4.5em;font-weight:600}
.most small{display:block;line-height:1.35}
.gauge{display:inline-block;vertical-align:middle;width:min(180px,50%);height:6px;border-radius:3px;background:var(--line);overflow:hidden}
.gauge i{display:block;width:var(--s);height:100%;border-radius:3px;background:var(--c)}
.badge{display:inline-block;min-width:56px;padding:3px 10px;border-radius:99px;text-align:center;font-size:.75rem;font-weight:700;letter-spacing:.04em;background:var(--line);color:var(--muted)}
.PASS{background:var(--good-bg);color:var(--good);box-shadow:inset 0 0 0 1px var(--good-line)}
.FAIL{background:var(--bad-bg);color:var(--bad);box-shadow:inset 0 0 0 1px var(--bad-line)}
.bad{color:var(--bad)}
.legend{display:flex;max-width:560px;margin-bottom:16px;font-size:.75rem;color:var(--muted)}
.legend li{flex:1;min-width:0}
.legend i{display:block;height:12px;background:var(--c)}
.legend span{display:block;margin-top:4px;white-space:nowrap}
.legend .b{flex:1.6}
.legend .b:first-child i{border-radius:4px;margin-right:6px}
.legend .b:last-child i{border-radius:4px;margin-left:6px}
.legend .b:last-child span{margin-left:6px}
.legend .b0 i{border-radius:4px 0 0 4px}.legend .b10 i{border-radius:0 4px 4px 0}
.b1 span,.b2 span,.b3 span,.b5 span,.b6 span,.b8 span,.b9 span{visibility:hidden}
.stack>.panel>h3{padding:16px clamp(14px,2vw,20px) 12px}
.kernel{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:8px 16px;padding:12px clamp(14px,2vw,20px);border-top:1px solid var(--line)}
.who p{font-size:.8125rem;color:var(--muted);font-variant-numeric:tabular-nums}
.kernel .strip,.kernel .list{grid-column:1/-1}
.strip{display:flex;flex-wrap:wrap;gap:2px;align-content:start}
.strip>*{width:14px;height:14px;border-radius:3px;background:var(--c)}
.strip a:hover{outline:2px solid var(--ink);outline-offset:1px}
.strip .x{background:linear-gradient(45deg,transparent 44%,var(--surface) 44% 56%,transparent 56%),linear-gradient(-45deg,transparent 44%,var(--surface) 44% 56%,transparent 56%),var(--c)}
.bars{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:2px}
.bars span{display:flex;align-items:end;border-bottom:1px solid var(--line)}
.bars i{flex:1;height:var(--s);border-radius:2px 2px 0 0;background:var(--c)}
.spark{width:112px;height:36px}
.tall{height:132px;gap:3px}
.tall i{border-radius:4px 4px 0 0}
.axis{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:3px;margin-top:4px;font-size:.6875rem;color:var(--muted);text-align:center;white-space:nowrap}
.axis span:nth-child(3n+2),.axis span:nth-child(3n){visibility:hidden}
.axis span:nth-child(11),.axis span:nth-child(12){visibility:visible}
.axis span:nth-child(10){visibility:hidden}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:20px}
.figures figure{display:grid;grid-template-rows:1fr auto auto;padding:16px clamp(14px,2vw,20px)}
figcaption{margin-bottom:14px}
figcaption small{display:block;font-variant-numeric:tabular-nums}
summary{cursor:pointer;border-radius:8px}
.list>summary{display:inline-block;padding:2px 10px 2px 0;font-size:.8125rem;color:var(--accent)}
.list>summary::marker{content:""}
.list>summary::-webkit-details-marker{display:none}
.list>summary:before{content:"";display:inline-block;margin-right:7px;border:solid transparent;border-width:4px 0 4px 6px;border-left-color:currentColor}
.list[open]>summary:before{transform:rotate(90deg)}
section>.list{margin-top:12px}
.scroll{overflow-x:auto;margin-top:8px;border:1px solid var(--line);border-radius:10px;max-height:70vh}
.scroll table{border-collapse:collapse;width:100%;min-width:640px;font-size:.8125rem;font-variant-numeric:tabular-nums}
.scroll th,.scroll td{padding:6px 10px;text-align:right;font-weight:400;white-space:nowrap;border-top:1px solid var(--line)}
.scroll thead th{position:sticky;top:0;z-index:1;background:var(--bg);color:var(--muted);border:0}
.scroll th:first-child{text-align:left;white-space:normal;min-width:180px}
.scroll tr:target{background:var(--soft)}
.scroll tr{scroll-margin:40vh 0}
.scroll small{display:block}
.key{display:inline-block;width:10px;height:10px;margin-right:8px;border-radius:3px;background:var(--c)}
.cases{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:16px}
.cases>li{padding:16px clamp(14px,2vw,20px);display:grid;gap:10px;align-content:start}
.case{display:flex;gap:4px 16px;justify-content:space-between;align-items:start}
.case code{min-width:0;padding-top:3px}
.use{flex:none;color:var(--muted);font-size:.8125rem;font-variant-numeric:tabular-nums}
.use b{font-size:1.25rem;color:var(--ink);letter-spacing:-.01em}
.cases .gauge{width:100%}
.reason{font-size:.875rem;color:var(--muted)}
.detail{display:flex;gap:16px;align-items:end}
.numbers{flex:1;display:grid;grid-template-columns:repeat(auto-fill,minmax(84px,1fr));gap:8px 12px}
.numbers dt{font-size:.75rem}
.numbers dd{font-size:.875rem;font-weight:500;font-variant-numeric:tabular-nums}
.wrongs{display:grid;gap:1px;border:1px solid var(--bad-line);border-radius:16px;overflow:hidden;background:var(--bad-line)}
.wrongs li{padding:12px clamp(14px,2vw,20px);background:var(--surface)}
.wrongs p{font-size:.9375rem;color:var(--bad)}
.wrongs small{font-variant-numeric:tabular-nums}
.list .wrongs{margin-top:8px}
.stack>details{padding:14px clamp(14px,2vw,20px)}
.stack>details ul{margin-top:8px;padding-left:16px}
.card>div{display:grid;grid-template-columns:minmax(120px,220px) minmax(0,1fr);gap:2px 20px;padding:10px clamp(14px,2vw,20px);border-top:1px solid var(--line)}
.card>div:first-child{border-top:0}
.card dt{padding-top:2px}
.card dt:first-letter{text-transform:uppercase}
.card dd{font-weight:400;font-size:.9375rem}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (min-width:900px){.kernel{grid-template-columns:190px minmax(0,1fr) 112px;row-gap:6px;align-items:start}.who{grid-row:1/3}.kernel .spark{grid-area:1/3/3}.kernel .strip{grid-area:1/2;padding-top:5px}.kernel .list{grid-area:2/2}.kernel .list[open]{grid-area:3/1/4/4}
.detail .spark{align-self:end}}
@media (max-width:760px){.levels,.levels tbody,.levels tr,.levels td,.levels tbody th{display:block}.levels thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.levels tr{display:grid;grid-template-columns:repeat(4,auto) 1fr;gap:4px 14px;padding:14px;border-top:1px solid var(--line)}.levels tr:first-child{border-top:0}
.levels tbody th,.levels tbody td{border:0;padding:0!important;text-align:left!important;width:auto!important}
.levels tbody th{grid-column:1/5;align-self:center}.levels td[data-of]{font-size:.9375rem}.levels td[data-of]:before{content:attr(data-of);display:block;font-size:.75rem;color:var(--muted)}
.levels .result{grid-area:1/5;justify-self:end}.levels .most{grid-column:1/-1;margin-top:4px}}
@media (max-width:460px){.card>div{grid-template-columns:minmax(0,1fr)}.strip>*{width:15px;height:15px}.case{flex-direction:column}.detail .spark{display:none}}
@media print{:root{color-scheme:light}.panel,.kernel,.cases>li,.wrongs li{break-inside:avoid;box-shadow:none}.list>summary,.skip{display:none}.scroll{max-height:none}
.strip>*,.bars i,.gauge i,.legend i,.badge,.verdict{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

export const style = `${base}${scale}${own}`;
