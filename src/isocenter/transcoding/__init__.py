"""Objects in another transfer syntax: the data set rewritten, frames decoded and encoded."""
