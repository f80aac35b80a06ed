# The rules of check_layers.sh. Arrows point down:
#   core < stream < { tensor, runtime } < ops < interop
# where tensor and runtime are peers that never include each other. Within a layer's private files,
# the layers above it may include those of some folders only.
BEGIN {
  allowed["core"] = " core "
  allowed["stream"] = " core stream "
  allowed["tensor"] = " core stream tensor "
  allowed["runtime"] = " core stream runtime "
  allowed["ops"] = " core stream tensor runtime ops "
  allowed["interop"] = " core stream tensor runtime ops interop "

  folders["stream"] = " order submit pool capture "
  open["stream"] = " submit capture "
  folders["ops"] = " common pointwise reduce matmul "
  open["ops"] = " common "

  # Between folders of one layer, where not all may include all.
  inner["ops/common"] = " common "
  inner["ops/pointwise"] = " common pointwise "
  inner["ops/reduce"] = " common reduce "
  inner["ops/matmul"] = " common matmul "
  inner["matmul/problem"] = " problem "
  inner["matmul/plan"] = " problem plan "
  inner["matmul/tuning"] = " problem plan tuning "
}

FNR == 1 {
  parts = split(FILENAME, path, "/")
  is_public = FILENAME ~ /^include\//
  is_library = is_public || FILENAME ~ /^lib\//
  # include/dovetail/<layer>/file and lib/<layer>/file; nearer the root lies what has no layer.
  depth = is_public ? 3 : 2
  layer = is_library && parts > depth ? path[depth] : ""
  if (is_library && parts > depth && !(layer in allowed))
    refuse("the folder `" layer "` is no layer")
  else if (!is_public && layer in folders && parts > 3 && !index(folders[layer], " " path[3] " "))
    refuse("the folder `" path[3] "` is none of " layer)
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
  target = $0
  sub(/^[^"<]*["<]/, "", target)
  sub(/[">].*$/, "", target)
  target_parts = split(target, part, "/")
  is_private = part[1] == "lib"
  is_ours = is_private || part[1] == "dovetail"

  if (target ~ /(^|\/)\.\.\//)
    refuse("`" target "` climbs with ..: write the path from the root")
  else if (!is_library && is_private)
    refuse(path[1] "/ uses only public headers, not `" target "`")
  else if (is_public && is_private)
    refuse("a public header includes the private `" target "`")
  else if (layer != "" && target == "dovetail/dovetail.hpp")
    refuse(layer " includes the umbrella `" target "`, which holds the layers above it")
  else if (layer != "" && is_ours && part[2] in allowed && !index(allowed[layer], " " part[2] " ")) {
    peers = (layer == "tensor" && part[2] == "runtime") || (layer == "runtime" && part[2] == "tensor")
    refuse(layer " includes `" target "`: " \
           (peers ? "tensor and runtime are peers and never include each other" \
                  : part[2] " lies above " layer))
  } else if (layer != "" && is_private && layer != part[2] && part[2] in folders && target_parts > 3 &&
             !index(open[part[2]], " " part[3] " "))
    refuse(layer " includes `" target "`: " part[3] " is one of the insides of " part[2])
  else if (is_private)
    for (level = 3; level < 5; ++level) {
      here = path[level - 1] "/" path[level]
      # Both lie in folders of the same folder.
      if (here in inner && part[level - 1] == path[level - 1] && level < parts && level < target_parts &&
          !index(inner[here], " " part[level] " "))
        refuse(here " includes `" target "`: " path[level] " may include" inner[here] "only")
    }
}

function refuse(rule) {
  print FILENAME ":" FNR ": " rule
  broken = 1
}

END { exit broken }
