/** The views of a report, and its comparison with another: for programs that have a report in hand. */

export { compareReports, type Diff } from "./diff.js";
export { htmlReport } from "./html.js";
export { markdown } from "./markdown.js";
export { parseReport } from "./parse.js";
export { diffText, terminalText } from "./terminal.js";
