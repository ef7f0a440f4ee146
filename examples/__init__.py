"""Examples that stand beside the product: they import nothing of it and it imports nothing of them."""
