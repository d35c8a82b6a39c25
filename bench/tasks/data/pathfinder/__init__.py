"""Pathfinder (Linsley et al. 2018): are two discs at the ends of the same dashed curve?

`settings` says what is drawn, `stamps` draws a dash of each direction once, `snakes` lays dashes out in compiled code, and
`examples` makes data sets of it. Written from the description of the reference, github.com/drewlinsley/pathfinder at
ab9c130, whose quirks shape the images and are kept: each is named where it is.
"""
