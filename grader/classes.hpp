// The closed list of classes a finding may carry in JSON; a new one is a new `format` of the contract.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::grader {

const std::vector<std::string>& finding_classes();
bool is_finding_class(std::string_view word);
// One sentence for who does not know the word; "" for what is no class.
const char* class_words(std::string_view finding_class);

}  // namespace ferrule::grader
