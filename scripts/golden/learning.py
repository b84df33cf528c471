"""What training computes: gradients, optimizer steps, loss curves, schedules and parameter groups, all by mmpretrain, mmengine and torch."""

import gradients
import schedules
import training


def goldens():
    yield from gradients.goldens()
    yield from training.goldens()
    yield from schedules.goldens()
