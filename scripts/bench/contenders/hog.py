"""The reference's HOG of one normalised 224 x 224 image: for each line on stdin the milliseconds of a call on stdout."""

import sys
import time
import warnings

warnings.simplefilter("ignore")

import torch  # noqa: E402
from mmpretrain.models.selfsup.maskfeat import HOGGenerator  # noqa: E402

torch.set_num_threads(1)
generator = HOGGenerator()
image = torch.randn(1, 3, 224, 224)
with torch.no_grad():
    generator(image)
    print(torch.__version__, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        generator(image)
        print(1000 * (time.perf_counter() - start), flush=True)
