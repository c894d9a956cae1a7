# cmake --install, and a Debian package: `cpack --config build/release/CPackConfig.cmake` leaves ftmc_VERSION_ARCH.deb.
#
# bin/ftmc finds lib/ftmc (the runtime's archives), include/ftmc (the header that programs' tables are compiled with) and
# share/ftmc/models relative to itself, so that any prefix works, and a folder that was moved, too.

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # what is installed is built before, and tests are not

foreach(shell bash zsh)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/completion.${shell} DEPENDS ftmc
        COMMAND $<TARGET_FILE:ftmc> completion ${shell} > ${CMAKE_BINARY_DIR}/completion.${shell} VERBATIM)
    list(APPEND completions ${CMAKE_BINARY_DIR}/completion.${shell})
endforeach()
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/ftmc.1 DEPENDS ftmc
    COMMAND $<TARGET_FILE:ftmc> manual > ${CMAKE_BINARY_DIR}/ftmc.1 VERBATIM)
add_custom_target(ftm_printed ALL DEPENDS ${completions} ${CMAKE_BINARY_DIR}/ftmc.1)

install(TARGETS ftmc RUNTIME DESTINATION bin)
install(TARGETS ftmrt ftmrt_serial ftmrt_recipe_terse ftmrt_network ftmrt_transform ftmrt_embed ftmrt_picture ftmrt_files ftmrt_listing ftmrt_page ftmrt_app ARCHIVE DESTINATION lib/ftmc)
install(FILES runtime/ftmrt.h DESTINATION include/ftmc)
file(GLOB recipe_headers CONFIGURE_DEPENDS runtime/recipe/*.h runtime/recipe/*.def)
install(FILES ${recipe_headers} DESTINATION include/ftmc/recipe)
file(GLOB runtime_tables CONFIGURE_DEPENDS runtime/*.def)
install(FILES ${runtime_tables} DESTINATION include/ftmc)
install(FILES runtime/embed/library.h.in DESTINATION include/ftmc/embed)
install(FILES ${runtime_tables} runtime/ftmrt.h runtime/rounding.h DESTINATION share/ftmc/runtime) # compiled for other targets
foreach(folder core embed files network recipe transform)
    install(DIRECTORY runtime/${folder}/ DESTINATION share/ftmc/runtime/${folder} FILES_MATCHING PATTERN "*.[ch]" PATTERN "*.def")
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/runtime/embed/ftmx.h DESTINATION share/ftmc/embed)
install(DIRECTORY models/ DESTINATION share/ftmc/models FILES_MATCHING PATTERN "*.ftm")
install(DIRECTORY compiler/pytorch/parts/ DESTINATION share/ftmc/pytorch FILES_MATCHING PATTERN "*.py")
install(FILES ${CMAKE_BINARY_DIR}/completion.bash DESTINATION share/bash-completion/completions RENAME ftmc)
install(FILES ${CMAKE_BINARY_DIR}/completion.zsh DESTINATION share/zsh/vendor-completions RENAME _ftmc)
install(FILES ${CMAKE_BINARY_DIR}/ftmc.1 DESTINATION share/man/man1)
install(FILES README.md DESTINATION share/doc/ftmc)
install(FILES LICENSE DESTINATION share/doc/ftmc RENAME copyright)
install(FILES grammar/README.md DESTINATION share/doc/ftmc/grammar)
install(FILES models/README.md DESTINATION share/doc/ftmc/models)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the authors of ftmc")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "ahead-of-time compiler for fine-tuning of neural networks")
set(CPACK_PACKAGE_DESCRIPTION "ftmc compiles a description of a network and of its fine-tuning, and a pretrained weight file, to one program that trains, evaluates and predicts. `ftmc init` writes a description for a folder of pictures.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
string(REPLACE ";" ", " CPACK_DEBIAN_PACKAGE_DEPENDS "${FTM_LINK_PACKAGES}")
include(CPack)
