"""The network on ONNX Runtime: the same function as in `rnnchat.network`, without torch.

Nothing here knows how a text is steered: that is `rnnchat.generation`.
"""
