"""From settings to text: sampling, streams in step, beam search, and a model as a person who programs meets it.

Nothing here computes the network itself (`rnnchat.runtime` does) or imports torch.
"""
