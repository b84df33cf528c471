"""What Dawn does in many environments of Vulkan drivers: test/fixtures/peers/vulkan.json.

Run as root on Linux x64 after `npm ci`: `python3 scripts/golden/peers/vulkan.py [--loader VERSION=FOLDER ...]`. FOLDER holds another
libvulkan.so.1, beside the one of the dev dependencies (`node scripts/software.mjs` unpacks it). With `--product` nothing is written: the
built package is asked instead, and every line that it prints to stderr is shown.

Every environment has its own mount namespace, with its own /etc, /usr/share, /usr/local, /home and /opt.
"""

import glob
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "test/fixtures/peers/vulkan.json"
DRIVER = "/opt/vulkan/driver/libvk_swiftshader.so"


def manifest(**changes):
    icd = {"library_path": DRIVER, "api_version": "1.0.5"} | changes
    return json.dumps({"file_format_version": "1.0.0", "ICD": {k: v for k, v in icd.items() if v is not None}})


FILES = {
    "good": manifest(),
    "relative": manifest(library_path="../../driver/libvk_swiftshader.so"),
    "bare": manifest(library_path="libvk_swiftshader.so"),
    "bits64": manifest(library_arch="64"),
    "bits32": manifest(library_arch="32"),
    "gone": manifest(library_path="/opt/nowhere/libvulkan_gone.so"),
    "goneBare": manifest(library_path="libvulkan_gone.so"),
    "noLibrary": manifest(library_path=None),
    "noVersion": manifest(api_version=None),
    "noFormat": json.dumps({"ICD": {"library_path": DRIVER, "api_version": "1.0.5"}}),
    "notElf": manifest(library_path="/opt/text.so"),
    "otherProcessor": manifest(library_path="/opt/other.so"),
    "text": "no library",
    "elf32": "\x7fELF\x01\x01\x01" + "\0" * 9 + "\x03\0\x03\0",
    "array": "[]",
    "null": "null",
    "comma": manifest()[:-1] + ",}",
    "empty": "",
    "cut": manifest()[:40],
}

HOME = {"HOME": "/home/u"}
SYSTEM = "/usr/share/vulkan/icd.d/a.json"
# name, environment besides PATH, files by the name of their content
CASES = [
    ("no manifest anywhere", HOME, {}),
    ("no home", {}, {}),
    ("of a distribution", HOME, {SYSTEM: "good"}),
    ("no home, of a distribution", {}, {SYSTEM: "good"}),
    ("of the machine's owner", HOME, {"/etc/vulkan/icd.d/a.json": "good"}),
    ("below /usr/local", HOME, {"/usr/local/share/vulkan/icd.d/a.json": "good"}),
    ("below /etc/xdg", HOME, {"/etc/xdg/vulkan/icd.d/a.json": "good"}),
    ("of a user", HOME, {"/home/u/.local/share/vulkan/icd.d/a.json": "good"}),
    ("in a user's configuration", HOME, {"/home/u/.config/vulkan/icd.d/a.json": "good"}),
    ("of a user without HOME", {}, {"/home/u/.local/share/vulkan/icd.d/a.json": "good"}),
    ("XDG_DATA_HOME", HOME | {"XDG_DATA_HOME": "/opt/d"}, {"/opt/d/vulkan/icd.d/a.json": "good"}),
    ("XDG_DATA_HOME elsewhere", HOME | {"XDG_DATA_HOME": "/opt/e"}, {"/home/u/.local/share/vulkan/icd.d/a.json": "good"}),
    ("XDG_DATA_DIRS", HOME | {"XDG_DATA_DIRS": "/opt/c:/opt/d"}, {"/opt/d/vulkan/icd.d/a.json": "good"}),
    ("XDG_DATA_DIRS elsewhere", HOME | {"XDG_DATA_DIRS": "/opt/c"}, {SYSTEM: "good"}),
    ("XDG_DATA_DIRS empty", HOME | {"XDG_DATA_DIRS": ""}, {SYSTEM: "good"}),
    ("XDG_CONFIG_DIRS", HOME | {"XDG_CONFIG_DIRS": "/opt/c"}, {"/opt/c/vulkan/icd.d/a.json": "good"}),
    ("XDG_CONFIG_HOME", HOME | {"XDG_CONFIG_HOME": "/opt/c"}, {"/opt/c/vulkan/icd.d/a.json": "good"}),
    ("VK_ICD_FILENAMES", HOME | {"VK_ICD_FILENAMES": "/opt/a.json"}, {"/opt/a.json": "good"}),
    ("VK_ICD_FILENAMES empty", HOME | {"VK_ICD_FILENAMES": ""}, {SYSTEM: "good"}),
    ("VK_ICD_FILENAMES of nothing", HOME | {"VK_ICD_FILENAMES": "/opt/a.json"}, {SYSTEM: "good"}),
    ("VK_ICD_FILENAMES of a folder", HOME | {"VK_ICD_FILENAMES": "/opt/d"}, {"/opt/d/a.json": "good"}),
    ("VK_DRIVER_FILES", HOME | {"VK_DRIVER_FILES": "/opt/a.json"}, {"/opt/a.json": "good"}),
    ("VK_DRIVER_FILES of an empty folder", HOME | {"VK_DRIVER_FILES": "/opt/d"}, {"/opt/d/a.txt": "good", SYSTEM: "good"}),
    ("VK_DRIVER_FILES of several", HOME | {"VK_DRIVER_FILES": "/opt/b.json:/opt/a.json"}, {"/opt/a.json": "good"}),
    (
        "VK_DRIVER_FILES before VK_ICD_FILENAMES",
        HOME | {"VK_DRIVER_FILES": "/opt/b.json", "VK_ICD_FILENAMES": "/opt/a.json"},
        {"/opt/a.json": "good"},
    ),
    ("VK_DRIVER_FILES empty", HOME | {"VK_DRIVER_FILES": "", "VK_ICD_FILENAMES": "/opt/a.json"}, {"/opt/a.json": "good"}),
    ("VK_ADD_DRIVER_FILES", HOME | {"VK_ADD_DRIVER_FILES": "/opt/a.json"}, {"/opt/a.json": "good"}),
    (
        "VK_ADD_DRIVER_FILES beside VK_DRIVER_FILES",
        HOME | {"VK_ADD_DRIVER_FILES": "/opt/a.json", "VK_DRIVER_FILES": "/opt/b.json"},
        {"/opt/a.json": "good"},
    ),
    ("switched off", HOME | {"VK_LOADER_DRIVERS_DISABLE": "*"}, {SYSTEM: "good"}),
    ("another one switched off", HOME | {"VK_LOADER_DRIVERS_DISABLE": "b*,*c.json"}, {SYSTEM: "good"}),
    ("switched off by its name", HOME | {"VK_LOADER_DRIVERS_DISABLE": "b*,*A.json"}, {SYSTEM: "good"}),
    ("selected", HOME | {"VK_LOADER_DRIVERS_SELECT": "a.*"}, {SYSTEM: "good", "/etc/vulkan/icd.d/b.json": "gone"}),
    ("none selected", HOME | {"VK_LOADER_DRIVERS_SELECT": "x.*"}, {SYSTEM: "good"}),
    ("selected and switched off", HOME | {"VK_LOADER_DRIVERS_SELECT": "a.*", "VK_LOADER_DRIVERS_DISABLE": "*"}, {SYSTEM: "good"}),
    ("another name", HOME, {"/usr/share/vulkan/icd.d/a.txt": "good"}),
    (
        "a relative library",
        HOME | {"VK_DRIVER_FILES": "/opt/vulkan/x/y/a.json"},
        {"/opt/vulkan/x/y/a.json": "relative"},
    ),
    ("a library of LD_LIBRARY_PATH", HOME, {SYSTEM: "bare"}),
    *((f"manifest: {kind}", HOME, {SYSTEM: kind}) for kind in (
        "bits64 bits32 gone goneBare noLibrary noVersion noFormat array null comma empty cut".split()
    )),
    ("library that is none", HOME, {SYSTEM: "notElf", "/opt/text.so": "text"}),
    ("library of another processor", HOME, {SYSTEM: "otherProcessor", "/opt/other.so": "elf32"}),
    *((f"beside a good one: {kind}", HOME, {SYSTEM: kind, "/etc/vulkan/icd.d/b.json": "good"}) for kind in (
        "bits32 gone goneBare noLibrary noVersion noFormat cut".split()
    )),
]

ASK = {
    "dawn": """import("webgpu").then(async ({ create }) => {
        const gpu = create([]);
        console.log((await gpu.requestAdapter()) ? "adapter" : "none");
        process.exit(0);
    })""",
    "product": """import("./dist/node.js").then(async ({ devices }) => {
        const [{ available, reason }] = await devices();
        console.log(available ? "adapter" : "none", reason);
    })""",
}


def inside():
    """In the namespace: makes the files, runs Node, and says what it said."""
    task = json.load(sys.stdin)
    mount = lambda *args: subprocess.run(["mount", *args], check=True)
    mount("-t", "tmpfs", "none", "/mnt")
    for folder in ("/etc", "/usr/share", "/usr/local"):
        upper, work = f"/mnt/{folder.replace('/', '-')}", f"/mnt/{folder.replace('/', '-')}.work"
        os.makedirs(upper)
        os.makedirs(work)
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={upper},workdir={work}", folder)
    for folder in ("/home", "/opt"):
        mount("-t", "tmpfs", "none", folder)
    for name in ("lib", "driver"):
        os.makedirs(f"/opt/vulkan/{name}")
        mount("--bind", task[name], f"/opt/vulkan/{name}")
    for path, kind in task["files"].items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(FILES[kind], encoding="latin-1")
    env = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": LIBRARIES, **task["env"]}
    ran = subprocess.run(["node", "-e", ASK[task["ask"]]], cwd=ROOT, env=env, capture_output=True, text=True)
    json.dump({"out": ran.stdout.strip(), "err": [line for line in ran.stderr.splitlines() if line]}, sys.stdout)


LIBRARIES = "/opt/vulkan/lib:/opt/vulkan/driver"


def run(case, lib, driver, ask):
    _, env, files = case
    task = {"env": env, "files": files, "lib": lib, "driver": driver, "ask": ask}
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, __file__, "--inside"]
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def main():
    [driver] = glob.glob(str(ROOT / "node_modules/.cache/software-gpu-*"))[-1:]
    others = [value.split("=", 1) for flag, value in zip(sys.argv, sys.argv[1:]) if flag == "--loader"]
    loaders = [("1.4.330", driver), *others]
    if "--product" in sys.argv:
        for case in CASES:
            for version, lib in loaders:
                said = run(case, lib, driver, "product")
                print(f"{case[0]} ({version}): {said['out']}", *said["err"], sep="\n    ")
        return
    rows = []
    for case in CASES:
        answers = {}
        for version, lib in loaders:
            said = run(case, lib, driver, "dawn")
            answers[version] = [said["out"], len(said["err"])]
        name, env, files = case
        rows.append({"name": name, "env": {"LD_LIBRARY_PATH": LIBRARIES, **env}, "files": files, "dawn": answers})
        print(name, answers)
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(f'{{"made": "webgpu 0.6.2, Vulkan-Loader {", ".join(v for v, _ in loaders)}",\n'
                   f'"contents": {json.dumps(FILES, indent=1)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    inside() if "--inside" in sys.argv else main()
