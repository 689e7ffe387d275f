"""The network in torch: recurrent cells and the language model built from them. Importing it loads torch.

Its twin without torch is `rnnchat.runtime`; how it learns is no business of its own (`rnnchat.training`).
"""
