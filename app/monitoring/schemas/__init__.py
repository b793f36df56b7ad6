"""What monitoring and control take and give."""
