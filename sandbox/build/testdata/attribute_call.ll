; ModuleID = 'bad.c'
source_filename = "bad.c"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@unused_here = dso_local global { i32, [28 x i8] } zeroinitializer, align 32, !dbg !0
@___asan_gen_ = private constant [6 x i8] c"bad.c\00", align 1
@___asan_gen_.2 = private unnamed_addr constant [12 x i8] c"unused_here\00", align 1
@llvm.compiler.used = appending global [1 x ptr] [ptr @unused_here], section "llvm.metadata"
@0 = internal global [1 x { i64, i64, i64, i64, i64, i64, i64, i64 }] [{ i64, i64, i64, i64, i64, i64, i64, i64 } { i64 ptrtoint (ptr @unused_here to i64), i64 4, i64 32, i64 ptrtoint (ptr @___asan_gen_.2 to i64), i64 ptrtoint (ptr @___asan_gen_ to i64), i64 0, i64 0, i64 0 }]
@llvm.used = appending global [2 x ptr] [ptr @asan.module_ctor, ptr @asan.module_dtor], section "llvm.metadata"
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @asan.module_ctor, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @asan.module_dtor, ptr null }]

; Function Attrs: noredzone nounwind null_pointer_is_valid sanitize_address
define dso_local noundef i32 @bb(ptr nocapture noundef readnone %u) local_unnamed_addr #0 align 16 !dbg !73 {
if.then:
    #dbg_value(ptr %u, !78, !DIExpression(), !81)
    #dbg_value(ptr poison, !82, !DIExpression(), !93)
    #dbg_value(ptr %u, !91, !DIExpression(), !93)
    #dbg_value(i64 64, !92, !DIExpression(), !93)
    #dbg_value(ptr poison, !96, !DIExpression(), !112)
    #dbg_value(i64 64, !103, !DIExpression(), !112)
    #dbg_value(i8 0, !104, !DIExpression(), !112)
    #dbg_value(i32 4, !105, !DIExpression(), !112)
  call void @__bad_copy_to() #3, !dbg !115, !srcloc !120
  ret i32 -14, !dbg !121
}

; Function Attrs: noredzone null_pointer_is_valid
declare !dbg !122 dso_local void @__bad_copy_to() local_unnamed_addr #1

declare void @__asan_register_globals(i64, i64)

declare void @__asan_unregister_globals(i64, i64)

; Function Attrs: nounwind
define internal void @asan.module_ctor() #2 {
  call void @__asan_register_globals(i64 ptrtoint (ptr @0 to i64), i64 1)
  ret void
}

; Function Attrs: nounwind
define internal void @asan.module_dtor() #2 {
  call void @__asan_unregister_globals(i64 ptrtoint (ptr @0 to i64), i64 1)
  ret void
}

attributes #0 = { noredzone nounwind null_pointer_is_valid sanitize_address "disable-tail-calls"="true" "frame-pointer"="all" "min-legal-vector-width"="0" "no-builtin-wcslen" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="x86-64" "target-features"="+cmov,+cx8,+fxsr,-aes,-avx,-avx10.1-256,-avx10.1-512,-avx2,-avx512bf16,-avx512bitalg,-avx512bw,-avx512cd,-avx512dq,-avx512f,-avx512fp16,-avx512ifma,-avx512vbmi,-avx512vbmi2,-avx512vl,-avx512vnni,-avx512vp2intersect,-avx512vpopcntdq,-avxifma,-avxneconvert,-avxvnni,-avxvnniint16,-avxvnniint8,-f16c,-fma,-fma4,-gfni,-kl,-mmx,-pclmul,-sha,-sha512,-sm3,-sm4,-sse,-sse2,-sse3,-sse4.1,-sse4.2,-sse4a,-ssse3,-vaes,-vpclmulqdq,-widekl,-x87,-xop" "tune-cpu"="generic" "warn-stack-size"="2048" }
attributes #1 = { noredzone null_pointer_is_valid "disable-tail-calls"="true" "dontcall-error"="copy destination size is too small" "frame-pointer"="all" "no-builtin-wcslen" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="x86-64" "target-features"="+cmov,+cx8,+fxsr,-aes,-avx,-avx10.1-256,-avx10.1-512,-avx2,-avx512bf16,-avx512bitalg,-avx512bw,-avx512cd,-avx512dq,-avx512f,-avx512fp16,-avx512ifma,-avx512vbmi,-avx512vbmi2,-avx512vl,-avx512vnni,-avx512vp2intersect,-avx512vpopcntdq,-avxifma,-avxneconvert,-avxvnni,-avxvnniint16,-avxvnniint8,-f16c,-fma,-fma4,-gfni,-kl,-mmx,-pclmul,-sha,-sha512,-sm3,-sm4,-sse,-sse2,-sse3,-sse4.1,-sse4.2,-sse4a,-ssse3,-vaes,-vpclmulqdq,-widekl,-x87,-xop" "tune-cpu"="generic" }
attributes #2 = { nounwind "frame-pointer"="all" "target-cpu"="x86-64" "target-features"="+cmov,+cx8,+fxsr,-aes,-avx,-avx10.1-256,-avx10.1-512,-avx2,-avx512bf16,-avx512bitalg,-avx512bw,-avx512cd,-avx512dq,-avx512f,-avx512fp16,-avx512ifma,-avx512vbmi,-avx512vbmi2,-avx512vl,-avx512vnni,-avx512vp2intersect,-avx512vpopcntdq,-avxifma,-avxneconvert,-avxvnni,-avxvnniint16,-avxvnniint8,-f16c,-fma,-fma4,-gfni,-kl,-mmx,-pclmul,-sha,-sha512,-sm3,-sm4,-sse,-sse2,-sse3,-sse4.1,-sse4.2,-sse4a,-ssse3,-vaes,-vpclmulqdq,-widekl,-x87,-xop" }
attributes #3 = { noredzone nounwind "no-builtin-wcslen" }

!llvm.dbg.cu = !{!2}
!llvm.module.flags = !{!64, !65, !66, !67, !68, !69, !70, !71}
!llvm.ident = !{!72}

!0 = !DIGlobalVariableExpression(var: !1, expr: !DIExpression())
!1 = distinct !DIGlobalVariable(name: "unused_here", scope: !2, file: !63, line: 2, type: !37, isLocal: false, isDefinition: true)
!2 = distinct !DICompileUnit(language: DW_LANG_C11, file: !3, producer: "Debian clang version 19.1.7 (3+b1)", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, enums: !4, retainedTypes: !30, globals: !50, splitDebugInlining: false, nameTableKind: None)
!3 = !DIFile(filename: "bad.c", directory: "/work")
!4 = !{!5, !11}
!5 = !DICompositeType(tag: DW_TAG_enumeration_type, file: !6, line: 10, baseType: !7, size: 32, elements: !8)
!6 = !DIFile(filename: "/usr/src/linux/include/linux/stddef.h", directory: "")
!7 = !DIBasicType(name: "unsigned int", size: 32, encoding: DW_ATE_unsigned)
!8 = !{!9, !10}
!9 = !DIEnumerator(name: "false", value: 0)
!10 = !DIEnumerator(name: "true", value: 1)
!11 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "fortify_func", file: !12, line: 48, baseType: !7, size: 32, elements: !13)
!12 = !DIFile(filename: "/usr/src/linux/include/linux/fortify-string.h", directory: "")
!13 = !{!14, !15, !16, !17, !18, !19, !20, !21, !22, !23, !24, !25, !26, !27, !28, !29}
!14 = !DIEnumerator(name: "FORTIFY_FUNC_strnlen", value: 0)
!15 = !DIEnumerator(name: "FORTIFY_FUNC_strlen", value: 1)
!16 = !DIEnumerator(name: "FORTIFY_FUNC_strscpy", value: 2)
!17 = !DIEnumerator(name: "FORTIFY_FUNC_strlcat", value: 3)
!18 = !DIEnumerator(name: "FORTIFY_FUNC_strcat", value: 4)
!19 = !DIEnumerator(name: "FORTIFY_FUNC_strncat", value: 5)
!20 = !DIEnumerator(name: "FORTIFY_FUNC_memset", value: 6)
!21 = !DIEnumerator(name: "FORTIFY_FUNC_memcpy", value: 7)
!22 = !DIEnumerator(name: "FORTIFY_FUNC_memmove", value: 8)
!23 = !DIEnumerator(name: "FORTIFY_FUNC_memscan", value: 9)
!24 = !DIEnumerator(name: "FORTIFY_FUNC_memcmp", value: 10)
!25 = !DIEnumerator(name: "FORTIFY_FUNC_memchr", value: 11)
!26 = !DIEnumerator(name: "FORTIFY_FUNC_memchr_inv", value: 12)
!27 = !DIEnumerator(name: "FORTIFY_FUNC_kmemdup", value: 13)
!28 = !DIEnumerator(name: "FORTIFY_FUNC_strcpy", value: 14)
!29 = !DIEnumerator(name: "FORTIFY_FUNC_UNKNOWN", value: 15)
!30 = !{!31, !37, !38, !47}
!31 = !DIDerivedType(tag: DW_TAG_typedef, name: "size_t", file: !32, line: 61, baseType: !33)
!32 = !DIFile(filename: "/usr/src/linux/include/linux/types.h", directory: "")
!33 = !DIDerivedType(tag: DW_TAG_typedef, name: "__kernel_size_t", file: !34, line: 72, baseType: !35)
!34 = !DIFile(filename: "/usr/src/linux/include/uapi/asm-generic/posix_types.h", directory: "")
!35 = !DIDerivedType(tag: DW_TAG_typedef, name: "__kernel_ulong_t", file: !34, line: 16, baseType: !36)
!36 = !DIBasicType(name: "unsigned long", size: 64, encoding: DW_ATE_unsigned)
!37 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!38 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !39, size: 64)
!39 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "static_key", file: !40, line: 86, size: 32, elements: !41)
!40 = !DIFile(filename: "/usr/src/linux/include/linux/jump_label.h", directory: "")
!41 = !{!42}
!42 = !DIDerivedType(tag: DW_TAG_member, name: "enabled", scope: !39, file: !40, line: 87, baseType: !43, size: 32)
!43 = !DIDerivedType(tag: DW_TAG_typedef, name: "atomic_t", file: !32, line: 190, baseType: !44)
!44 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !32, line: 188, size: 32, elements: !45)
!45 = !{!46}
!46 = !DIDerivedType(tag: DW_TAG_member, name: "counter", scope: !44, file: !32, line: 189, baseType: !37, size: 32, align: 32)
!47 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !48, size: 64)
!48 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !49)
!49 = !DIDerivedType(tag: DW_TAG_volatile_type, baseType: !37)
!50 = !{!0, !51, !57}
!51 = !DIGlobalVariableExpression(var: !52, expr: !DIExpression())
!52 = distinct !DIGlobalVariable(name: "tiny", scope: !2, file: !3, line: 6, type: !53, isLocal: true, isDefinition: true)
!53 = !DICompositeType(tag: DW_TAG_array_type, baseType: !54, size: 32, elements: !55)
!54 = !DIBasicType(name: "char", size: 8, encoding: DW_ATE_unsigned_char)
!55 = !{!56}
!56 = !DISubrange(count: 4)
!57 = !DIGlobalVariableExpression(var: !58, expr: !DIExpression())
!58 = distinct !DIGlobalVariable(scope: null, file: !59, line: 57, type: !60, isLocal: true, isDefinition: true)
!59 = !DIFile(filename: "/usr/src/linux/include/linux/ucopysize.h", directory: "")
!60 = !DICompositeType(tag: DW_TAG_array_type, baseType: !54, size: 8, elements: !61)
!61 = !{!62}
!62 = !DISubrange(count: 1)
!63 = !DIFile(filename: "./bad.h", directory: "/work")
!64 = !{i32 7, !"Dwarf Version", i32 4}
!65 = !{i32 2, !"Debug Info Version", i32 3}
!66 = !{i32 1, !"wchar_size", i32 2}
!67 = !{i32 1, !"Code Model", i32 2}
!68 = !{i32 7, !"frame-pointer", i32 2}
!69 = !{i32 1, !"override-stack-alignment", i32 8}
!70 = !{i32 4, !"SkipRaxSetup", i32 1}
!71 = !{i32 7, !"debug-info-assignment-tracking", i1 true}
!72 = !{!"Debian clang version 19.1.7 (3+b1)"}
!73 = distinct !DISubprogram(name: "bb", scope: !3, file: !3, line: 8, type: !74, scopeLine: 9, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !77)
!74 = !DISubroutineType(types: !75)
!75 = !{!37, !76}
!76 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !54, size: 64)
!77 = !{!78, !79}
!78 = !DILocalVariable(name: "u", arg: 1, scope: !73, file: !3, line: 8, type: !76)
!79 = !DILocalVariable(name: "__fortify_size", scope: !80, file: !3, line: 12, type: !31)
!80 = distinct !DILexicalBlock(scope: !73, file: !3, line: 12, column: 2)
!81 = !DILocation(line: 0, scope: !73)
!82 = !DILocalVariable(name: "to", arg: 1, scope: !83, file: !84, line: 218, type: !87)
!83 = distinct !DISubprogram(name: "copy_from_user", scope: !84, file: !84, line: 218, type: !85, scopeLine: 219, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !90)
!84 = !DIFile(filename: "/usr/src/linux/include/linux/uaccess.h", directory: "")
!85 = !DISubroutineType(types: !86)
!86 = !{!36, !87, !88, !36}
!87 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: null, size: 64)
!88 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !89, size: 64)
!89 = !DIDerivedType(tag: DW_TAG_const_type, baseType: null)
!90 = !{!82, !91, !92}
!91 = !DILocalVariable(name: "from", arg: 2, scope: !83, file: !84, line: 218, type: !88)
!92 = !DILocalVariable(name: "n", arg: 3, scope: !83, file: !84, line: 218, type: !36)
!93 = !DILocation(line: 0, scope: !83, inlinedAt: !94)
!94 = distinct !DILocation(line: 10, column: 6, scope: !95)
!95 = distinct !DILexicalBlock(scope: !73, file: !3, line: 10, column: 6)
!96 = !DILocalVariable(name: "addr", arg: 1, scope: !97, file: !59, line: 45, type: !88)
!97 = distinct !DISubprogram(name: "check_copy_size", scope: !59, file: !59, line: 45, type: !98, scopeLine: 46, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !102)
!98 = !DISubroutineType(types: !99)
!99 = !{!100, !88, !31, !100}
!100 = !DIDerivedType(tag: DW_TAG_typedef, name: "bool", file: !32, line: 34, baseType: !101)
!101 = !DIBasicType(name: "_Bool", size: 8, encoding: DW_ATE_boolean)
!102 = !{!96, !103, !104, !105, !106, !109}
!103 = !DILocalVariable(name: "bytes", arg: 2, scope: !97, file: !59, line: 45, type: !31)
!104 = !DILocalVariable(name: "is_source", arg: 3, scope: !97, file: !59, line: 45, type: !100)
!105 = !DILocalVariable(name: "sz", scope: !97, file: !59, line: 47, type: !37)
!106 = !DILocalVariable(name: "__ret_warn_on", scope: !107, file: !59, line: 57, type: !37)
!107 = distinct !DILexicalBlock(scope: !108, file: !59, line: 57, column: 6)
!108 = distinct !DILexicalBlock(scope: !97, file: !59, line: 57, column: 6)
!109 = !DILocalVariable(name: "__flags", scope: !110, file: !59, line: 57, type: !37)
!110 = distinct !DILexicalBlock(scope: !111, file: !59, line: 57, column: 6)
!111 = distinct !DILexicalBlock(scope: !107, file: !59, line: 57, column: 6)
!112 = !DILocation(line: 0, scope: !97, inlinedAt: !113)
!113 = distinct !DILocation(line: 220, column: 7, scope: !114, inlinedAt: !94)
!114 = distinct !DILexicalBlock(scope: !83, file: !84, line: 220, column: 6)
!115 = !DILocation(line: 54, column: 4, scope: !116, inlinedAt: !113)
!116 = distinct !DILexicalBlock(scope: !117, file: !59, line: 51, column: 12)
!117 = distinct !DILexicalBlock(scope: !118, file: !59, line: 49, column: 7)
!118 = distinct !DILexicalBlock(scope: !119, file: !59, line: 48, column: 39)
!119 = distinct !DILexicalBlock(scope: !97, file: !59, line: 48, column: 6)
!120 = !{i64 5635863}
!121 = !DILocation(line: 15, column: 1, scope: !73)
!122 = !DISubprogram(name: "__bad_copy_to", scope: !59, file: !59, line: 34, type: !123, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized)
!123 = !DISubroutineType(types: !124)
!124 = !{null}
