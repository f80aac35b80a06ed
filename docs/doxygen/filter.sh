#!/bin/sh
# Prepares a file for Doxygen: filter.sh FILE
#
# On a Markdown page, makes links of the names in its tables. In a header, replaces the #include of
# a .def file by its text, since Doxygen reads only macros from included files, and begins a
# paragraph at "Thread-safe", which else belongs to the last @throws.
case $1 in
  *.md)
    sed -E '/^\|/!b
      :member
      s/^(\| `([A-Za-z:0-9]+)` \|.*)`([A-Za-z_:0-9]+)`/\1\\ref dovetail::\2::\3 "\3"/
      t member
      s/`([A-Za-z_:0-9]+)`/\\ref dovetail::\1 "\1"/g' "$1"
    ;;
  *)
    awk '/^#include ".*\.def"/ {
           split($0, part, "\"")
           while ((getline line < ("include/" part[2])) > 0) print line
           close("include/" part[2])
           next
         }
         /^ *\/\/\/ Thread-safe/ { print "///" }
         { print }' "$1"
    ;;
esac
