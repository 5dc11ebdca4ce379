"""Starting a bargain, cutting its price, ordering at it, and telling those whose time is over."""
