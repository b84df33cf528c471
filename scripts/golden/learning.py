"""What training computes by mmpretrain, mmengine and torch: gradients, optimizer steps, loss curves, schedules, parameter groups."""

import gradients
import schedules
import training


def goldens():
    yield from gradients.goldens()
    yield from training.goldens()
    yield from schedules.goldens()
