/** Whether this machine can run what is packed. */
export function softwareGpuRuns(): boolean;

/** Unpacks once and says where things are. */
export function softwareGpu(): {
  readonly env: Readonly<Record<string, string>>;
  readonly chromium: string;
  readonly chromiumEnv: Readonly<Record<string, string>>;
  readonly chromiumArgs: string[];
};
