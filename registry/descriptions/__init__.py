"""Long texts of strangers as HTML: rendered by a process of its own, cleaned, kept."""
