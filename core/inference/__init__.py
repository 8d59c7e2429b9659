"""What a trained network answers, and why: prediction, preprocessing of drawings and photos, explanation."""
