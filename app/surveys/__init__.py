"""The satisfaction survey of Appendix 1: form versions and submissions by key and by code (O-11, A-1)."""
