/** What a report can be turned into. */

export { compareReports } from "./diff.js";
export { diffText } from "./diff-text.js";
export { htmlReport } from "./html.js";
export { markdown } from "./markdown.js";
export { parseReport } from "./parse.js";
export { terminalText } from "./terminal.js";
