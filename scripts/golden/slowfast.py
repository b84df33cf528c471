"""PySlowFast's masks of blocks and of cubes: its published algorithm over Python's own random numbers."""

import math
import random

import numpy as np

LOG_ASPECT = (math.log(0.3), math.log(1 / 0.3))


def sides(area):
    aspect = math.exp(random.uniform(*LOG_ASPECT))
    return int(round(math.sqrt(area * aspect))), int(round(math.sqrt(area / aspect)))


def put(mask, first, size, room):
    """Sets the block if it masks 1 to `room` new cells; returns how many."""
    view = mask[tuple(slice(a, a + n) for a, n in zip(first, size))]
    fresh = view.size - int(view.sum())
    if not 0 < fresh <= room:
        return 0
    view[...] = 1
    return fresh


def block(mask, minimum, room):
    height, width = mask.shape
    for _ in range(10):
        h, w = sides(random.uniform(minimum, room))
        if w < width and h < height:
            first = [random.randint(0, height - h), random.randint(0, width - w)]
            fresh = put(mask, first, (h, w), room)
            if fresh:
                return fresh
    return 0


def cube(mask, minimum, room):
    depth, height, width = mask.shape
    for _ in range(100):
        h, w = sides(random.uniform(minimum, height * width))
        t = random.randint(1, depth)
        if w < width and h < height:
            top, left = random.randint(0, height - h), random.randint(0, width - w)
            fresh = put(mask, [random.randint(0, depth - t), top, left], (t, h, w), room)
            if fresh:
                return fresh
    return 0


def drawn(put_one, grid, num, minimum, seeds, count):
    for seed in seeds:
        random.seed(seed)
        found = []
        for _ in range(count):
            mask, masked = np.zeros(grid, np.uint8), 0
            while masked < num:
                fresh = put_one(mask, minimum, num - masked)
                if fresh == 0:
                    break
                masked += fresh
            found.append(mask)
        yield np.stack(found)


def masks(*settings):
    """u8 [count,h,w] for each seed."""
    return drawn(block, *settings)


def cubes(*settings):
    """u8 [count,t,h,w] for each seed."""
    return drawn(cube, *settings)
