// Catch2, whichever version this Debian has (cmake/ferrule.cmake is the other half).
#pragma once

#ifdef FERRULE_CATCH3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
