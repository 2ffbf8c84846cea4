"""What the admin's front page asks for."""
