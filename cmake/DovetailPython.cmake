# A Python that has PyOpenCL, for examples and tests: DOVETAIL_PYOPENCL_PYTHON, false if there is none.
function(dovetail_has_pyopencl result python)
  execute_process(
    COMMAND ${python} -c "import numpy, pyopencl.array"
    RESULT_VARIABLE status
    OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_program(DOVETAIL_PYOPENCL_PYTHON python3 HINTS /usr/bin VALIDATOR dovetail_has_pyopencl)
mark_as_advanced(DOVETAIL_PYOPENCL_PYTHON)
