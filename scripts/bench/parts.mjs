// The parts of the benchmark: each gives rows, and their text.

import { models } from "./contenders/images.mjs";
import { loadRows } from "./load.mjs";
import { accuracyRows, accuracyTable } from "./parts/accuracy.mjs";
import { coldRows, coldTable } from "./parts/cold.mjs";
import { countRows, countTable } from "./parts/counts.mjs";
import { dataRows, dataTable } from "./parts/data.mjs";
import { folderRows, folderTable } from "./parts/folder.mjs";
import { gate } from "./parts/gate.mjs";
import { modelRows, modelTable, profileTable } from "./parts/models.mjs";
import { opRows, opTable } from "./parts/ops.mjs";
import { peerRows, peerTable } from "./parts/peers.mjs";
import { installPeers } from "./peers/install.mjs";
import { placeOf, table } from "./table.mjs";

/** Models unless the caller says which: software adapters are for small ones. */
function modelKeys({ keys, host, gpu }) {
  if (keys) return keys;
  return host.kind === "browser" || (gpu.available && gpu.isFallback) ? ["tiny"] : Object.keys(models);
}

const MB = (bytes) => bytes / 2 ** 20;

function loadText(rows) {
  const sizes = ["file", "device", "peakHost", "peakResident", "largestTensor", "allowedHost"];
  const columns = sizes.map((key) => [`${key} MiB`, (row) => row[`${key}Bytes`] && MB(row[`${key}Bytes`])]);
  return table(rows, {
    work: (row) => row.name,
    device: (row) => row.device,
    ms: (row) => row.ms,
    ...Object.fromEntries(columns),
  });
}

export const parts = {
  async ops(options) {
    const rows = await opRows(options);
    return { rows, text: opTable(rows) };
  },
  async models(options) {
    const { rows, profiles } = await modelRows({ ...options, keys: modelKeys(options) });
    const texts = profiles.map((of) => `${of.name} on ${placeOf(of)}, by op:\n\n${profileTable(of)}`);
    return { rows, profiles, text: [modelTable(rows), ...texts].join("\n\n") };
  },
  async accuracy(options) {
    const rows = await accuracyRows(options);
    return { rows, text: accuracyTable(rows) };
  },
  async counts(options) {
    const rows = await countRows(options);
    return { rows, text: countTable(rows) };
  },
  async data(options) {
    const rows = await dataRows(options);
    return { rows, text: dataTable(rows) };
  },
  async folder(options) {
    const rows = await folderRows(options);
    return { rows, text: folderTable(rows) };
  },
  async load({ maskfeat }) {
    const rows = await loadRows(maskfeat);
    return { rows, text: loadText(rows) };
  },
  async cold(options) {
    if (options.peers) installPeers();
    const rows = await coldRows(options);
    return { rows, text: coldTable(rows) };
  },
  async peers(options) {
    installPeers();
    const rows = await peerRows({ ...options, keys: modelKeys(options) });
    return { rows, text: peerTable(rows), failed: rows.some((row) => row.agrees === false) };
  },
  gate,
};
