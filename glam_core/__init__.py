"""GLAM: paired mammogram views, and where a spot of one view lies in the other.

Research use only, never for diagnosis.
"""

__version__ = "0.1.0"
