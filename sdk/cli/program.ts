/** All commands as one program, and its help. */

import { Command } from "commander";
import { version } from "../../package.json";
import { convertCommand, inspectCommand } from "./checkpoint.js";
import { conformanceCommand } from "./conformance.js";
import { hogCommand, maskCommand, preprocessCommand } from "./data.js";
import { demoCommand } from "./demo.js";
import { extractCommand } from "./extract.js";
import { downloadCommand, infoCommand, modelsCommand } from "./models.js";
import { type Context, definer } from "./output.js";
import { predictCommand } from "./predict.js";
import { reconstructCommand } from "./reconstruct.js";

/** The longest line of help. */
const WIDTH = 100;

/** Silent and throwing, so that all errors come out in our form; help in at most so many columns. */
function quietly(command: Command): Command {
  const getOutHelpWidth = () => Math.min(WIDTH, process.stdout.columns ?? WIDTH);
  return command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {}, getOutHelpWidth });
}

const EXAMPLES = [
  "maskfeat-wgpu demo                               # the sample images, and a report",
  "maskfeat-wgpu extract photos --out features.npy  # an embedding for each image",
  "maskfeat-wgpu predict bird.jpg                   # its classes",
  "maskfeat-wgpu info                               # what this machine can compute on",
];

/** The program with all commands, which say what they find by `context`. */
export function buildProgram(context: Context): Command {
  const define = definer(context);
  const commands = [
    demoCommand,
    extractCommand,
    predictCommand,
    preprocessCommand,
    hogCommand,
    maskCommand,
    reconstructCommand,
    modelsCommand,
    infoCommand,
    downloadCommand,
    inspectCommand,
    convertCommand,
    conformanceCommand,
  ];
  const program = quietly(new Command("maskfeat-wgpu"))
    .description("MaskFeat for JavaScript: image embeddings, HOG features and masked reconstruction")
    .version(version)
    .addHelpText(
      "after",
      `\nExamples:\n  ${EXAMPLES.join("\n  ")}\n\n\`maskfeat-wgpu <command> --help\` shows the options of a command.`,
    );
  for (const command of commands) program.addCommand(quietly(command(define)));
  return program.helpCommand("help [command]", "the same as --help after a command");
}

/** What could have been written instead, for an error about an argument. */
export function usageOf(program: Command, name: string): string {
  const command = program.commands.find((c) => c.name() === name);
  if (!command) return `the commands are ${program.commands.map((c) => c.name()).join(", ")}`;
  const options = command.options.map((option) => option.long).join(", ");
  return `usage: ${name} ${command.usage()}; the options are ${options}`;
}
