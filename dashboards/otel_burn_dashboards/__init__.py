"""What do people see? The explorer."""
