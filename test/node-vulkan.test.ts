/** Vulkan drivers are found as the Vulkan loader finds them, and no driver that fails is handed to Dawn, which would write to stderr. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Machine, vulkanDrivers } from "../sdk/platform/node-vulkan.js";
import { checkVulkan } from "../sdk/platform/node-webgpu.js";
import { codeOf } from "./helpers.js";

interface Table {
  readonly contents: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly name: string;
    readonly env: Readonly<Record<string, string>>;
    /** Path -> name of its content. */
    readonly files: Readonly<Record<string, string>>;
    /** By version of the loader: whether Dawn has an adapter, and the lines that it writes to stderr. */
    readonly dawn: Readonly<Record<string, readonly ["adapter" | "none", number]>>;
  }[];
}

const { contents, cases }: Table = JSON.parse(readFileSync("test/fixtures/peers/vulkan.json", "utf8"));

const ELF = `\x7fELF${"\0".repeat(14)}\x3e\0`;

/** A machine with glibc, a Vulkan loader and these files. */
function machineOf(env: Machine["env"], files: Readonly<Record<string, string>>, writable = false): Machine {
  const all: Record<string, string> = {
    "/etc/ld.so.cache": "libc.so.6\0/lib/libc.so.6\0",
    "/opt/vulkan/lib/libvulkan.so.1": ELF,
    "/opt/vulkan/driver/libvk_swiftshader.so": ELF,
    ...files,
  };
  return {
    env: { LD_LIBRARY_PATH: "/opt/vulkan/lib", ...env },
    arch: "x64",
    list: (folder) => {
      const below = Object.keys(all).filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(below.map((path) => path.slice(folder.length + 1).split("/")[0]))].sort();
    },
    read: (path, most) => all[path]?.slice(0, most),
    writable: () => writable,
  };
}

const contentsOf = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, kind]) => [path, contents[kind]]));

describe("drivers of Vulkan", () => {
  it.each(cases)("$name: as the loader finds them", ({ env, files, dawn }) => {
    const drivers = vulkanDrivers(machineOf(env, contentsOf(files)))!;
    // a broken manifest ends the search of loader 1.3.239, which then finds no driver: with the usable ones alone it does
    const [found] = dawn["1.4.330"];
    expect(drivers.usable.length > 0).toBe(found === "adapter");
    // whatever is complained of is kept from the loader
    for (const [, lines] of Object.values(dawn)) {
      if (lines > 0) expect(drivers.usable.length === 0 || drivers.broken.length > 0).toBe(true);
    }
  });

  it("are kept from Dawn where none works, with the reason", async () => {
    const why = async (env: Machine["env"], files: Readonly<Record<string, string>>) => {
      const machine = machineOf(env, contentsOf(files));
      expect(await codeOf(() => checkVulkan(machine))).toBe("DEVICE_ABSENT");
      try {
        checkVulkan(machine);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await why({ HOME: "/home/u" }, {})).toBe(
      "no Vulkan driver is installed (no manifest in vulkan/icd.d of /home/u/.config, /etc/xdg, /etc, /home/u/.local/share, /usr/local/share, /usr/share, /opt/vulkan/etc, /opt/vulkan/share): install the driver of the GPU",
    );
    expect(await why({ VK_DRIVER_FILES: "/opt/a.json" }, {})).toMatch(
      /^no Vulkan driver works here: a\.json \(the file/,
    );
    expect(await why({}, { "/usr/share/vulkan/icd.d/a.json": "gone" })).toBe(
      "no Vulkan driver works here: a.json (there is no /opt/nowhere/libvulkan_gone.so): install the driver of the GPU",
    );
    expect(await codeOf(() => checkVulkan({ ...machineOf({}, {}), env: {} }))).toBe("DEVICE_ABSENT");
  });

  /** Mesa's manifests, with the library of a driver and the version of Vulkan's headers that its version was built with. */
  const mesa = (name: string, patch = 280) => ({
    [`/usr/share/vulkan/icd.d/${name}_icd.x86_64.json`]: JSON.stringify({
      file_format_version: "1.0.0",
      ICD: { api_version: `1.3.${patch}`, library_path: `/usr/lib/x86_64-linux-gnu/libvulkan_${name}.so` },
    }),
    [`/usr/lib/x86_64-linux-gnu/libvulkan_${name}.so`]: ELF,
  });
  const gpu = (vendor: string) => ({
    "/dev/dri/renderD128": "",
    "/sys/class/drm/renderD128/device/vendor": `${vendor}\n`,
  });

  it.each([
    ["Intel's without a GPU", mesa("intel"), true, "there is no GPU of Intel"],
    ["Intel's older one without a GPU", mesa("intel_hasvk"), true, "there is no GPU of Intel"],
    ["Intel's on a GPU of AMD", { ...mesa("intel"), ...gpu("0x1002") }, true, "there is no GPU of Intel"],
    ["AMD's on its GPU", { ...mesa("radeon"), ...gpu("0x1002") }, true, undefined],
    [
      "AMD's without permission",
      { ...mesa("radeon"), ...gpu("0x1002") },
      false,
      "this user may not open /dev/dri/renderD128",
    ],
    ["AMD's where /sys is hidden", { ...mesa("radeon"), "/dev/dri/renderD128": "" }, true, undefined],
    ["NVIDIA's free one without a GPU", mesa("nouveau"), true, "there is no GPU of NVIDIA"],
    ["an unknown one", mesa("new"), true, undefined],
    ["lavapipe of Mesa 22.3", mesa("lvp", 230), true, "this version of lavapipe lacks features that WebGPU needs"],
    ["a newer lavapipe", mesa("lvp"), true, undefined],
  ])("%s", (_, files, writable, why) => {
    const drivers = vulkanDrivers(machineOf({}, files, writable))!;
    expect(drivers.broken.map((driver) => driver.why)).toEqual(why ? [why] : []);
    expect(drivers.usable).toHaveLength(why ? 0 : 1);
  });

  it("are left to the loader where they cannot be told", () => {
    const settings = "/etc/vulkan/loader_settings.d/vk_loader_settings.json";
    expect(vulkanDrivers(machineOf({}, { [settings]: "{}" }))).toBeUndefined();
    const { read, ...machine } = machineOf({}, {});
    const withoutCache = (path: string, most: number) => (path === "/etc/ld.so.cache" ? undefined : read(path, most));
    expect(vulkanDrivers({ ...machine, read: withoutCache })).toBeUndefined();
    expect(checkVulkan({ ...machine, read: withoutCache })).toBeUndefined();
    // a loader that looks around itself
    const beside = { "/opt/vulkan/share/vulkan/icd.d/a.json": contents.good };
    expect(vulkanDrivers(machineOf({}, beside))?.usable).toHaveLength(1);
  });
});
