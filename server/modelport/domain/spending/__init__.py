"""What calls use and cost."""
