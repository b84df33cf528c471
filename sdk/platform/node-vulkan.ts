/**
 * Finds the Vulkan drivers of a Linux machine before the Vulkan loader is loaded: if none works, Dawn writes to stderr in its own words.
 * The folders are those of the loader's documentation (Khronos, Vulkan-Loader 1.4, docs/LoaderDriverInterface.md). What is not
 * understood counts as a driver, so that no GPU is refused by mistake.
 */

import { dirname, join } from "node:path";

/** What is looked at of a machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly arch: string;
  /** The names in a folder, sorted; none if there is no folder. */
  list(folder: string): readonly string[];
  /** The first `most` bytes of a file, as Latin-1; undefined if it cannot be read. */
  read(path: string, most: number): string | undefined;
  /** Whether a file can be written. */
  writable(path: string): boolean;
}

/** The drivers of a machine. */
export interface Drivers {
  /** Paths of the manifests of drivers that may work. */
  readonly usable: readonly string[];
  /** The others that the loader would try, and why they do not work. */
  readonly broken: readonly { readonly path: string; readonly why: string }[];
  /** Where manifests were looked for, for people. */
  readonly searched: string;
}

const LOADER = "libvulkan.so.1";
const CACHE = "/etc/ld.so.cache";
/** More bytes than a manifest or the cache of the dynamic linker has. */
const WHOLE = 2 ** 20;

const parts = (list: string | undefined): string[] => (list ?? "").split(":").filter(Boolean);
const linkerFolders = ({ env }: Machine): string[] => parts(env.LD_LIBRARY_PATH);

/** Whether the dynamic linker certainly finds no Vulkan. */
export function lacksLoader(machine: Machine): boolean {
  const found = pathsOf(machine, LOADER);
  return found !== undefined && found.length === 0;
}

/** Where the dynamic linker finds a library; undefined on systems that keep no cache of libraries (musl, NixOS). */
function pathsOf(machine: Machine, name: string): string[] | undefined {
  const own = linkerFolders(machine).map((folder) => join(folder, name));
  const found = own.filter((path) => machine.read(path, 1) !== undefined);
  if (found.length > 0) return found;
  const cache = machine.read(CACHE, WHOLE);
  return cache?.split("\0").filter((path) => path.endsWith(`/${name}`));
}

/**
 * The drivers that the Vulkan loader would try, in its order; undefined if a file of settings names drivers of its own, or the system
 * keeps its drivers elsewhere.
 */
export function vulkanDrivers(machine: Machine): Drivers | undefined {
  const { env } = machine;
  if (machine.read(CACHE, 1) === undefined) return undefined;
  const given = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  const folders = foldersOf(machine);
  if (folders.some((folder) => machine.read(join(folder, SETTINGS), 1) !== undefined)) return undefined;
  const isGiven = given !== undefined;
  const places = isGiven
    ? parts(given)
    : [...parts(env.VK_ADD_DRIVER_FILES), ...folders.map((folder) => join(folder, "vulkan/icd.d"))];
  const paths = [...new Set(places.flatMap((place) => manifestsAt(machine, place)))];
  const judged = paths.filter((path) => isWanted(path, env)).map((path) => ({ path, why: whyBroken(machine, path) }));
  return {
    usable: judged.filter(({ why }) => !why).map(({ path }) => path),
    broken: judged.flatMap(({ path, why }) => (why ? [{ path, why }] : [])),
    searched: isGiven ? given || "an empty list" : `vulkan/icd.d of ${folders.join(", ")}`,
  };
}

const SETTINGS = "vulkan/loader_settings.d/vk_loader_settings.json";

/** The folders below which the loader looks for `vulkan/`. */
function foldersOf(machine: Machine): string[] {
  const { HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_DATA_HOME, XDG_DATA_DIRS } = machine.env;
  const home = (folder: string) => (HOME ? [join(HOME, folder)] : []);
  // a loader that was built for another place (conda) looks around itself
  const around = linkerFolders(machine)
    .filter((folder) => machine.read(join(folder, LOADER), 1) !== undefined)
    .flatMap((folder) => ["../etc", "../share"].map((beside) => join(folder, beside)));
  const all = [
    ...(XDG_CONFIG_HOME ? [XDG_CONFIG_HOME] : home(".config")),
    ...parts(XDG_CONFIG_DIRS || "/etc/xdg"),
    "/etc",
    ...(XDG_DATA_HOME ? [XDG_DATA_HOME] : home(".local/share")),
    ...parts(XDG_DATA_DIRS || "/usr/local/share:/usr/share"),
    ...around,
  ];
  return [...new Set(all)];
}

/** The manifests in a folder, or the one that is named. */
function manifestsAt({ list }: Machine, place: string): string[] {
  if (place.endsWith(".json")) return [place];
  return list(place)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(place, name));
}

/** Whether the environment does not switch a driver off: lists of file names with `*`. */
function isWanted(path: string, env: Machine["env"]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const matches = (globs: string) =>
    globs.split(",").some((glob) => {
      const words = glob.toLowerCase().split("*");
      return new RegExp(`^${words.map((word) => word.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(name);
    });
  const { VK_LOADER_DRIVERS_SELECT: selected, VK_LOADER_DRIVERS_DISABLE: disabled } = env;
  // what is selected counts whatever is disabled
  return selected ? matches(selected) : !(disabled && matches(disabled));
}

/** Why a driver does not work here; undefined if it may. */
function whyBroken(machine: Machine, path: string): string | undefined {
  const text = machine.read(path, WHOLE);
  if (text === undefined) return "the file cannot be read";
  let manifest: { file_format_version?: unknown; ICD?: Record<string, unknown> };
  try {
    manifest = JSON.parse(text) ?? {};
  } catch {
    return "it is not JSON";
  }
  const { library_path: library, api_version: version, library_arch: bits = "64" } = manifest.ICD ?? {};
  if (typeof library !== "string" || typeof version !== "string" || typeof manifest.file_format_version !== "string")
    return "it names no library and its version";
  if (bits !== "64") return `it is for ${bits} bits`;
  const paths = library.includes("/")
    ? [join(library.startsWith("/") ? "" : dirname(path), library)]
    : pathsOf(machine, library);
  if (!paths) return undefined;
  const whys = paths.map((file) => whyUnloadable(machine, file));
  if (whys.length === 0) return `there is no ${library}`;
  return whys.includes(undefined) ? whyIdle(machine, library, version) : whys[0];
}

/** ELF's numbers of processors. */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

function whyUnloadable(machine: Machine, library: string): string | undefined {
  const header = machine.read(library, 20);
  if (header === undefined) return `there is no ${library}`;
  if (!header.startsWith("\x7fELF")) return `${library} is no library`;
  const wanted = MACHINES[machine.arch];
  const found = header.charCodeAt(18) + 256 * header.charCodeAt(19);
  return wanted === undefined || found === wanted ? undefined : `${library} is for another processor`;
}

/** Mesa's drivers by the PCI vendor of their GPUs. */
const VENDORS: readonly (readonly [driver: RegExp, vendor: string, name: string])[] = [
  [/libvulkan_intel(_hasvk)?\.so/, "0x8086", "Intel"],
  [/libvulkan_radeon\.so|amdvlk/, "0x1002", "AMD"],
  [/libvulkan_nouveau\.so/, "0x10de", "NVIDIA"],
];

/** Mesa 22.3's software driver, as that of older ones, lacks what Dawn 0.6.2 needs (shaderUniformTexelBufferArrayDynamicIndexing). */
const OLD_LAVAPIPE = 230;

/** Why a driver that can be loaded finds no GPU of its own; undefined if it may. */
function whyIdle(machine: Machine, library: string, version: string): string | undefined {
  if (/libvulkan_lvp\.so/.test(library) && Number(version.split(".")[2]) <= OLD_LAVAPIPE)
    return "this version of lavapipe lacks features that WebGPU needs";
  const [, vendor, name] = VENDORS.find(([driver]) => driver.test(library)) ?? [];
  if (!vendor) return undefined;
  const nodes = machine.list("/dev/dri").filter((node) => node.startsWith("renderD"));
  const own = nodes.filter(
    (node) => (machine.read(`/sys/class/drm/${node}/device/vendor`, 16) ?? vendor).trim() === vendor,
  );
  if (own.length === 0) return `there is no GPU of ${name}`;
  if (own.some((node) => machine.writable(`/dev/dri/${node}`))) return undefined;
  return `this user may not open /dev/dri/${own[0]}`;
}
