"""What staff do at the order desk, one file per kind of work."""
