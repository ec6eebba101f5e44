#include "grader/exercise/deep.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

TEST_CASE("a deep run has the memory kernel's scenarios on the deep one, and leaves the others where they are") {
    Exercise exercise;
    exercise.kernels = {"mem", "race"};
    exercise.scenarios.resize(3);
    exercise.scenarios[0].kernels = {"mem"};
    exercise.scenarios[1].kernels = {"race"};
    exercise.scenarios[2].kernels = {"mem", "race"};
    exercise.scenarios[2].repeat = 2;
    Step load{};
    load.kind = StepKind::load;
    load.sweep = true;
    exercise.scenarios[0].steps = {load};
    const Exercise deep = deepened(exercise);
    CHECK(deep.kernels == std::vector<std::string>{"deep", "race"});
    CHECK(deep.scenarios[0].kernels == std::vector<std::string>{"deep"});
    CHECK(deep.scenarios[1].kernels == std::vector<std::string>{"race"});
    CHECK(deep.scenarios[2].kernels == std::vector<std::string>{"deep", "race"});
    // The plain run and the sweep's, and twice the third scenario's.
    CHECK(deep_seconds(exercise) == 48);
    CHECK(deep_seconds(deep) == deep_seconds(exercise));
}
