"""What the speed claims are measured with: each path beside the barest statements that do the same work."""
