"""From a data set to pictures ready for training: read, shrunk, landmarks found, written once."""
