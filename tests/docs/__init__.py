"""What the documentation claims, tried out."""
