"""The trainer and what only it uses: steps, optimisers, checkpoints, several processes. Using it loads torch.

What is decided beforehand is in `rnnchat.plan`, and what others see of a training in `rnnchat.runs`.
"""
