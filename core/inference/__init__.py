"""Predictions of trained models and their explanation: classification, Grad-CAM, attribution, layer
summaries.
"""
