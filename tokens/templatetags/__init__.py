"""What the templates of this floor ask for."""
