"""Parts of the page on gradient descent."""
