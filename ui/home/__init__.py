"""Parts of the home page. Images and stored predictions are made by `tools.home_images`."""
