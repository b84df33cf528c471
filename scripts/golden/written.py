"""Loads a classifier's .pth of this package with `torch.load(weights_only=True)`, and compares PyTorch's logits with the golden ones.

    written.py FILE
"""

import sys

import numpy as np
import torch

import checkpoints
import common
import reference
import running
from model import TINY


def main():
    found = torch.load(sys.argv[1], weights_only=True)
    print("meta:", {key: value for key, value in found["meta"].items() if key != "cfg"})
    model = running.single(reference.build(TINY["classifier"], out_indices=[1]))
    for parameter in model.parameters():
        parameter.data.fill_(float("nan"))
    print(model.load_state_dict(found["state_dict"]))
    logits = model(reference.fill(checkpoints.INPUT["fill"], tuple(checkpoints.INPUT["shape"])).float()).detach().double().numpy()
    golden, _ = common.read_safetensors((common.FOLDER / checkpoints.FOLDER / "outputs.safetensors").read_bytes())
    far = float(np.abs(logits - golden["logits/f32"]).max())
    print(f"logits differ by {far} from those of the weights before")
    sys.exit(far != 0)


if __name__ == "__main__":
    main()
