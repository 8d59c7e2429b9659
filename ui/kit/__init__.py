"""Building blocks shared by all pages: frame, forms, charts, images, language."""
