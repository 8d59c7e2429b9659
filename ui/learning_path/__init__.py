"""The learning path page. Its illustrations are made by `tools.learning_path_images`."""
