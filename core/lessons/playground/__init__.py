"""A small network on points of the plane, trained live: what the Playground page computes.

The page follows TensorFlow Playground (Smilkov et al., Direct-manipulation visualization of deep networks, arXiv 1708.03788).
"""
