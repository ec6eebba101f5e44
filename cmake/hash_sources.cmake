# cmake -DROOT=… -DSOURCES=a.cpp;b.cpp -DNAMESPACE=… -DNAME=… -DOUTPUT=… -DDEPFILE=… -P hash_sources.cmake
#
# Writes a C++ source that defines NAMESPACE::NAME: the SHA-256 of the sources, of every header of the project they include, and
# of what stands beside such a header as its .cpp. All of them go into the DEPFILE, so that ninja knows when it is stale.
cmake_minimum_required(VERSION 3.25)
set(todo ${SOURCES})
set(seen "")
while(todo)
  list(POP_FRONT todo file)
  if(file IN_LIST seen)
    continue()
  endif()
  list(APPEND seen "${file}")
  file(STRINGS "${ROOT}/${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"")
  foreach(line ${lines})
    string(REGEX MATCH "\"([^\"]+)\"" ignored "${line}")
    set(header "${CMAKE_MATCH_1}")
    if(NOT EXISTS "${ROOT}/${header}")
      message(FATAL_ERROR "${file} includes \"${header}\", which is not in the project by that path")
    endif()
    list(APPEND todo "${header}")
    string(REGEX REPLACE "\\.hpp$" ".cpp" beside "${header}")
    if(EXISTS "${ROOT}/${beside}")
      list(APPEND todo "${beside}")
    endif()
  endforeach()
endwhile()

list(SORT seen)
set(text "")
set(depends "")
foreach(file ${seen})
  file(SHA256 "${ROOT}/${file}" hash)
  string(APPEND text "${file} ${hash}\n")
  string(APPEND depends " \\\n  ${ROOT}/${file}")
endforeach()
string(SHA256 hash "${text}")
string(REPLACE "\n" "\n// " comment "${text}")
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT "// @comment@
namespace @NAMESPACE@ {
extern const char* const @NAME@;
const char* const @NAME@ = \"@hash@\";
}  // namespace @NAMESPACE@
")
file(WRITE "${DEPFILE}" "${OUTPUT}:${depends}\n")
