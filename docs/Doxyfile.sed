# Makes links of the names in docs/reference.md, for Doxygen.
/^\|/!b
:member
s/^(\| `([A-Za-z:0-9]+)` \|.*)`([A-Za-z_:0-9]+)`/\1\\ref dovetail::\2::\3 "\3"/
t member
s/`([A-Za-z_:0-9]+)`/\\ref dovetail::\1 "\1"/g
