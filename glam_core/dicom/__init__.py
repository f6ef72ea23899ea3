"""Reading of mammograms: what lies where, stored pixels, grey levels."""
