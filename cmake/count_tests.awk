# CTest's LastTest.log -> "PASSED FAILED", in test cases as Catch2 counts them. A program that ends without having
# counted (it crashed, hung, or could not start) is one failure.
function settle() {
    if (!open) return
    if (verdict != "Passed" && bad == 0) bad = 1
    passed += good
    failed += bad
    open = 0
}
/^[0-9]+\/[0-9]+ Test: / { settle(); open = 1; good = bad = 0; verdict = "" }
/^All tests passed \(/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^test$/) good = $i }
/^test cases:/ { for (i = 1; i < NF; i++) { if ($(i + 1) == "passed") good = $i; if ($(i + 1) == "failed") bad = $i } }
/^Test Passed\.$/ { verdict = "Passed" }
/^Test Failed\.$/ { verdict = "Failed" }
END { settle(); print passed + 0, failed + 0 }
